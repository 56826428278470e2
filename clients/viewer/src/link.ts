/** A moment as the part of the address behind #. */

export interface Place {
  frame?: number;
  person?: number;
  view?: string;
}

/** The part that was read or written last; another one has been set by the user and is about to be read. */
let known = location.hash;

export function readLink(): Place {
  known = location.hash;
  const values = new URLSearchParams(location.hash.slice(1));
  const whole = (name: string): number | undefined => {
    const text = values.get(name);
    return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const [frame, person, view] = [whole("frame"), whole("person"), values.get("view") ?? undefined];
  return { ...(frame !== undefined && { frame }), ...(person !== undefined && { person }), ...(view && { view }) };
}

export function writeLink(place: Place): void {
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(place)) if (value !== undefined) values.set(name, String(value));
  const hash = `#${values}`;
  if (location.hash !== known || hash === known) return;
  history.replaceState(null, "", hash);
  known = location.hash;
}
