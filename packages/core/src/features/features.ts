/** The features of a deployment, made once per engine. */
export type Features = Record<string, never>;
