/** The parser of HTTP/1.1: strict, and without anything of Node's as long as it is given one array at a time. */
export { default as HttpParser } from 'bare-http-parser';
