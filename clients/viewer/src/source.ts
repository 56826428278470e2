/** Where a run is read from: a service, or elements of a page that holds everything. */

export interface Video {
  kind: "video" | "overlay";
  url?: string;
  element?: string;
}

export interface Index {
  name: string;
  frames: number;
  final: boolean;
  chunk_frames: number;
  first_frame: number;
  width: number;
  height: number;
  focal_over_size: number;
  states: string[];
  found_by: string[];
  usabilities: string[];
  reasons: string[];
  angles: string[];
  opacity: { predicted: number; doubtful: number; unusable: number };
  videos: Video[];
}

export type Part = "timeline" | "bodies";

export interface Source {
  index(): Promise<Index>;
  part(part: Part, chunk: number): Promise<ArrayBuffer>;
  body(): Promise<ArrayBuffer>;
  /** A URL for a video element. */
  video(video: Video): Promise<string>;
}

/** What the page names as its runs. */
export type SourceName = { url: string } | { element: number } | LiveName;

/** A live stream in place of a run: where its socket and its body are, and what a run's index says in general. */
export interface LiveName {
  live: string;
  index: Index;
}

export function openSource(name: Exclude<SourceName, LiveName>, page: Document): Source {
  return "url" in name ? new ServedSource(name.url) : new EmbeddedSource(page, name.element);
}

export class SourceError extends Error {}

/** A run behind HTTP, with an API key where the service wants one. */
class ServedSource implements Source {
  constructor(private readonly base: string) {}

  async index(): Promise<Index> {
    return (await (await this.get("index.json")).json()) as Index;
  }

  async part(part: Part, chunk: number): Promise<ArrayBuffer> {
    return (await this.get(`${part}/${chunk}`)).arrayBuffer();
  }

  async body(): Promise<ArrayBuffer> {
    return (await this.get("body")).arrayBuffer();
  }

  async video(video: Video): Promise<string> {
    if (!storedKey()) return this.base + video.url!;
    // A video element sends no headers.
    return URL.createObjectURL(await (await this.get(video.url!)).blob());
  }

  private get(path: string): Promise<Response> {
    return asked(this.base + path);
  }
}

const KEY = "phalp-triton-key";

/** What a service answers at an address, with an API key where it wants one. */
export async function asked(address: string): Promise<Response> {
  const key = storedKey();
  const answer = await fetch(address, key ? { headers: { "X-API-Key": key } } : {});
  if (answer.status === 401 && askForKey()) return asked(address);
  if (!answer.ok) throw new SourceError(`${address}: ${answer.status} ${await reason(answer)}`);
  return answer;
}

export function storedKey(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null; // pages of files may have no storage
  }
}

function askForKey(): boolean {
  const key = prompt("This service wants an API key:");
  if (key) sessionStorage.setItem(KEY, key);
  return Boolean(key);
}

async function reason(answer: Response): Promise<string> {
  try {
    const body = (await answer.json()) as { error?: { message?: string } | string; detail?: string };
    return typeof body.error === "string" ? body.error : (body.error?.message ?? body.detail ?? "");
  } catch {
    return answer.statusText;
  }
}

/** A run in text elements of a page, base64 of zlib. */
class EmbeddedSource implements Source {
  constructor(
    private readonly page: Document,
    private readonly number: number,
  ) {}

  async index(): Promise<Index> {
    return JSON.parse(this.element(`index-${this.number}`).textContent!) as Index;
  }

  part(part: Part, chunk: number): Promise<ArrayBuffer> {
    return inflated(this.element(`${part}-${this.number}-${chunk}`));
  }

  body(): Promise<ArrayBuffer> {
    return inflated(this.element("body"));
  }

  async video(video: Video): Promise<string> {
    const element = this.element(video.element!);
    const type = element.dataset["type"] ?? "video/mp4";
    return URL.createObjectURL(new Blob([decoded(element.textContent!)], { type }));
  }

  private element(id: string): HTMLElement {
    const found = this.page.getElementById(id);
    if (!found) throw new SourceError(`this page has no ${id}`);
    return found;
  }
}

function decoded(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

async function inflated(element: HTMLElement): Promise<ArrayBuffer> {
  const stream = new Blob([decoded(element.textContent!)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}
