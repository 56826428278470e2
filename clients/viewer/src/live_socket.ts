/** The socket of a live stream: frames out, the newest results in; a broken one is opened again with its token. */

import { readBodies, readTimeline, type Bodies, type Timeline } from "./chunk.js";
import { storedKey } from "./source.js";

const HEAD_BYTES = 16;
const MAGIC = 0x314c5650;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 8000;
/** Closed with this, a socket is not opened again: the key or the token is wrong. */
const FORBIDDEN = 4403;

export interface LiveResult {
  frame: number;
  milliseconds: number;
  timeline: Timeline;
  bodies: Bodies;
}

export interface LiveListener {
  opened(): void;
  result(result: LiveResult): void;
  problem(message: string): void;
}

export class LiveSocket {
  private socket: WebSocket | undefined;
  private pause = FIRST_PAUSE;
  private token: string;
  private welcomed = false;

  constructor(
    private readonly address: string,
    private readonly listener: LiveListener,
  ) {
    this.token = sessionStorage.getItem(address) ?? "";
    this.open();
  }

  /** Whether a frame can be sent without waiting in the browser. */
  get free(): boolean {
    return this.welcomed && this.socket?.readyState === WebSocket.OPEN && this.socket.bufferedAmount === 0;
  }

  send(frame: number, jpeg: ArrayBuffer): void {
    const message = new Uint8Array(4 + jpeg.byteLength);
    new DataView(message.buffer).setUint32(0, frame, true);
    message.set(new Uint8Array(jpeg), 4);
    this.socket?.send(message);
  }

  private open(): void {
    const resume = this.token ? `&resume=${encodeURIComponent(this.token)}` : "";
    const socket = new WebSocket(`${this.address}?results=packed${resume}`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      const key = storedKey();
      if (key) socket.send(JSON.stringify({ api_key: key }));
    };
    socket.onmessage = ({ data }) => this.take(data as string | ArrayBuffer);
    socket.onclose = ({ code, reason }) => {
      this.welcomed = false;
      if (code === FORBIDDEN) return this.listener.problem(reason);
      setTimeout(() => this.open(), this.pause);
      this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
    };
    this.socket = socket;
  }

  private take(data: string | ArrayBuffer): void {
    if (typeof data !== "string") return this.listener.result(unpacked(data));
    const message = JSON.parse(data) as { type: string; resume?: string; error?: string };
    if (message.type === "hello") {
      this.token = message.resume ?? "";
      sessionStorage.setItem(this.address, this.token);
      this.pause = FIRST_PAUSE;
      this.welcomed = true;
      this.listener.opened();
    } else if (message.error) {
      this.listener.problem(message.error);
    }
  }
}

function unpacked(data: ArrayBuffer): LiveResult {
  const head = new DataView(data, 0, HEAD_BYTES);
  if (head.getUint32(0, true) !== MAGIC) throw new Error("expected a result of this page's version; reload the page");
  const middle = HEAD_BYTES + head.getUint32(12, true);
  return {
    frame: head.getUint32(4, true),
    milliseconds: head.getFloat32(8, true),
    timeline: readTimeline(data.slice(HEAD_BYTES, middle)),
    bodies: readBodies(data.slice(middle)),
  };
}
