/** Class names of a CSS module, by their name in the file. */
declare module '*.module.css' {
  const names: Readonly<Record<string, string>>;
  // biome-ignore lint/style/noDefaultExport: it is how the bundler gives a style sheet's names.
  export default names;
}

declare module '*.css';
