/** A client of the phalp-triton service, for Node.js and browsers. */

export { ServiceClient, type ClientOptions, type FrameOptions, type VideoOptions } from "./client.js";
export { JobFailedError, RefusedError } from "./errors.js";
export type { Frame, Job, Person, Pose } from "./answers.js";
