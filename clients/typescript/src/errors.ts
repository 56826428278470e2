/** The service answered with an error. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";

  /**
   * @param message what was expected and what came
   * @param status of HTTP, 400 and above
   * @param requestId names the request in the service's log
   */
  constructor(
    message: string,
    readonly status: number,
    readonly requestId: string | undefined,
  ) {
    super(message);
  }

  /** The error in an answer of status 400 and above. */
  static async of(response: Response): Promise<RefusedError> {
    const text = await response.text();
    try {
      const sent = JSON.parse(text) as { error: string; request_id?: string };
      return new RefusedError(sent.error, response.status, sent.request_id);
    } catch {
      return new RefusedError(text.slice(0, 200) || response.statusText, response.status, undefined);
    }
  }
}

/** The job has failed or was cancelled. */
export class JobFailedError extends Error {
  override readonly name = "JobFailedError";
}

/** A stream ended before its job did; it can be taken up again. */
export class BrokenStreamError extends Error {
  override readonly name = "BrokenStreamError";
}
