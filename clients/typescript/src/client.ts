import { EventSourceParserStream } from "eventsource-parser/stream";
import ky, { HTTPError, type KyInstance, type Options } from "ky";

import { type Frame, type Job, type Pose, isFinal } from "./answers.js";
import { BrokenStreamError, JobFailedError, RefusedError } from "./errors.js";
import { linesOf } from "./lines.js";
import { Patience } from "./patience.js";

/** How a service is reached. */
export interface ClientOptions {
  /** Sent with every request. */
  apiKey?: string;
  /** Milliseconds to wait for an answer; frames wait for models that load. Default 130,000. */
  timeout?: number;
  /** Milliseconds that a request, or a stream without progress, is tried again while the service is away or busy. Default 60,000. */
  patience?: number;
}

/** How a frame is answered. */
export interface FrameOptions {
  /** Position in the video, from 0. */
  frameNumber?: number;
  /** Which video the frame belongs to; name one where several videos come from one machine. */
  session?: string;
  /** Also send the vertices of each person, about 500 kB. */
  mesh?: boolean;
  /** Also send the frame with its people drawn on it, as `visualization`. */
  visualize?: boolean;
}

/** How a video is computed; what is left out is not sent, and the service's own default holds (`POST /jobs`). */
export interface VideoOptions {
  maxFrames?: number;
  overlay?: boolean;
  refine?: boolean;
  priority?: number;
  /** Names this wish: the same key gives the same job. A new one by default. */
  key?: string;
}

const RETRIED_STATUSES = [429, 502, 503, 504];
const LONGEST_PAUSE = 10_000;

/** A client of one service. Requests are repeated where the service is away or busy, as its `Retry-After` says. */
export class ServiceClient {
  readonly #http: KyInstance;
  readonly #patience: number;

  /** @param url where the service listens, as `http://localhost:8000` */
  constructor(url: string, options: ClientOptions = {}) {
    this.#patience = options.patience ?? 60_000;
    this.#http = ky.create({
      prefixUrl: url,
      timeout: options.timeout ?? 130_000,
      headers: options.apiKey === undefined ? {} : { Authorization: `Bearer ${options.apiKey}` },
      retry: {
        // Every request may be repeated: a frame gets the same answer again, and a job is named by its key.
        methods: ["get", "post", "delete"],
        limit: Math.max(1, Math.ceil(this.#patience / LONGEST_PAUSE)) + 5,
        statusCodes: RETRIED_STATUSES,
        afterStatusCodes: RETRIED_STATUSES,
        maxRetryAfter: LONGEST_PAUSE,
        backoffLimit: LONGEST_PAUSE,
      },
    });
  }

  /** Return the people of one JPEG or PNG image. */
  async pose(image: Uint8Array<ArrayBuffer> | Blob, options: FrameOptions = {}): Promise<Pose> {
    const { frameNumber = 0, session, mesh = false, visualize = false } = options;
    const answer = await this.#send("pose/hybrid", {
      method: "post",
      searchParams: { frame_number: frameNumber, mesh, visualize },
      headers: { "Content-Type": await kindOf(image), ...(session === undefined ? {} : { "X-Session-Id": session }) },
      body: image,
    });
    return (await answer.json()) as Pose;
  }

  /**
   * Yield the people of the consecutive frames of one video, in order.
   *
   * @param images read as they are needed
   * @param atOnce frames that are on their way; raising it keeps a fast service busy and holds more images in memory
   */
  async *poses(
    images: Iterable<Uint8Array<ArrayBuffer> | Blob> | AsyncIterable<Uint8Array<ArrayBuffer> | Blob>,
    options: Omit<FrameOptions, "frameNumber"> & { atOnce?: number } = {},
  ): AsyncGenerator<Pose> {
    const { atOnce = 4, session = crypto.randomUUID(), ...others } = options;
    const pending: Promise<Pose>[] = [];
    let frameNumber = 0;
    for await (const image of images) {
      const answer = this.pose(image, { ...others, session, frameNumber: frameNumber++ });
      answer.catch(() => undefined); // reported where it is awaited, which an earlier frame's error may prevent
      pending.push(answer);
      if (pending.length >= atOnce) yield await (pending.shift() as Promise<Pose>);
    }
    for (const answer of pending) yield await answer;
  }

  /**
   * Queue a video and return its job.
   *
   * @param video a file is uploaded; a string is the path of a file that the service can see
   */
  async submit(video: Blob | string, options: VideoOptions = {}): Promise<Job> {
    const { key = crypto.randomUUID(), maxFrames, ...others } = options;
    const fields = { ...others, ...(maxFrames === undefined ? {} : { max_frames: maxFrames }) };
    const queued = await this.#send("jobs", {
      method: "post",
      headers: { "Idempotency-Key": key },
      ...(typeof video === "string" ? { json: { video_path: video, ...fields } } : { body: formOf(video, fields) }),
    });
    return this.job(((await queued.json()) as { job_id: string }).job_id);
  }

  /** Return a job as it is now. */
  async job(jobId: string): Promise<Job> {
    return (await (await this.#send(`jobs/${jobId}`)).json()) as Job;
  }

  /**
   * Yield a job's frames as they become final, until its end; a broken stream is taken up where it broke.
   *
   * @throws JobFailedError the job has failed or was cancelled
   */
  async *frames(jobId: string, options: { start?: number; mesh?: boolean } = {}): AsyncGenerator<Frame> {
    let { start = 0 } = options;
    const search = { mesh: options.mesh ?? false };
    yield* this.#untilTheEnd(async function* (this: ServiceClient) {
      const answer = await this.#send(`jobs/${jobId}/results`, {
        searchParams: { ...search, from: start },
        headers: { Accept: "application/x-ndjson" },
        timeout: false,
      });
      for await (const line of linesOf(bodyOf(answer))) {
        if (!line.trim()) continue;
        const sent = JSON.parse(line) as Frame & { error?: string; state?: string };
        if (sent.error !== undefined) throw endedWith(jobId, sent.error, sent.state);
        start += 1;
        yield sent;
      }
    });
  }

  /** Yield a job whenever it has changed, at last as it ended; a broken stream is taken up again. */
  async *progress(jobId: string): AsyncGenerator<Job> {
    let lastId = "";
    yield* this.#untilTheEnd(async function* (this: ServiceClient) {
      const headers = lastId ? { "Last-Event-ID": lastId } : {};
      const answer = await this.#send(`jobs/${jobId}/events`, { headers, timeout: false });
      for await (const event of eventsOf(answer)) {
        const job = JSON.parse(event.data) as Job;
        lastId = event.id ?? lastId;
        yield job;
        if (isFinal(job.state)) return;
      }
      throw new BrokenStreamError(`job ${jobId}: expected its events to its end, got fewer`);
    });
  }

  /** Return a job once it is final; its `state` says how it ended. */
  async wait(jobId: string): Promise<Job> {
    let last: Job | undefined;
    for await (const job of this.progress(jobId)) last = job;
    return last as Job;
  }

  /** Return a result file of a complete job, `tracks.pkl` or `overlay.mp4`; its body can be read piece by piece. */
  async file(jobId: string, name: string): Promise<Response> {
    return this.#send(`jobs/${jobId}/${name}`, { timeout: false });
  }

  /** Cancel a job that is not final, or delete a final one with its files. */
  async cancel(jobId: string): Promise<void> {
    await this.#send(`jobs/${jobId}`, { method: "delete" });
  }

  /** Queue a failed or cancelled job again; it goes on where its results end. */
  async resume(jobId: string): Promise<Job> {
    return (await (await this.#send(`jobs/${jobId}/resume`, { method: "post" })).json()) as Job;
  }

  async #send(path: string, options: Options = {}): Promise<Response> {
    try {
      return await this.#http(path, options);
    } catch (error) {
      throw error instanceof HTTPError ? await RefusedError.of(error.response) : error;
    }
  }

  async *#untilTheEnd<Item>(items: (this: ServiceClient) => AsyncGenerator<Item>): AsyncGenerator<Item> {
    const patience = new Patience(this.#patience);
    for (;;) {
      try {
        for await (const item of items.call(this)) {
          patience.progressed();
          yield item;
        }
        return;
      } catch (error) {
        if (error instanceof RefusedError || error instanceof JobFailedError) throw error;
        await patience.pause(error);
      }
    }
  }
}

async function kindOf(image: Uint8Array | Blob): Promise<string> {
  const start = image instanceof Blob ? new Uint8Array(await image.slice(0, 2).arrayBuffer()) : image;
  return start[0] === 0xff && start[1] === 0xd8 ? "image/jpeg" : "image/png";
}

function formOf(video: Blob, fields: Record<string, unknown>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  form.append("video", video, video instanceof File ? video.name : "video");
  return form;
}

function bodyOf(answer: Response): ReadableStream<Uint8Array> {
  if (answer.body === null) throw new BrokenStreamError("expected a body, got none");
  return answer.body;
}

function eventsOf(answer: Response) {
  const text = bodyOf(answer).pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>);
  return text.pipeThrough(new EventSourceParserStream());
}

function endedWith(jobId: string, error: string, state: string | undefined): Error {
  const message = `job ${jobId}: expected it to complete, got ${error}`;
  return isFinal(state) ? new JobFailedError(message) : new BrokenStreamError(message);
}
