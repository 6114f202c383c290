export { type FunctionName, type Route, routes } from './routes.js';
export { AidealsStack, type AidealsStackProps } from './stack.js';
