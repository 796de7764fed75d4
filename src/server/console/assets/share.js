// A text as the part of an address that browsers never send: behind the `#`, compressed (DEFLATE, RFC 1951) and written
// in base64url (RFC 4648, section 5). No server, proxy or log sees it.

const BEGINS = 't=';
/** Bytes that come out of a link, at the most: thirty thousand characters and what stands beside them. */
const MOST = 200 << 10;

async function through(stream, bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return new Blob(parts);
    length += value.length;
    if (length > MOST) {
      await reader.cancel();
      throw new RangeError('too long');
    }
    parts.push(value);
  }
}

/** What is to be shared as a fragment, with its `#`. */
export async function packed(what) {
  const blob = await through(new CompressionStream('deflate-raw'), new TextEncoder().encode(JSON.stringify(what)));
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return `#${BEGINS}${btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;
}

/** What a fragment holds; null where it holds nothing that was shared here. */
export async function unpacked(fragment) {
  const text = fragment.replace(/^#/, '');
  if (!text.startsWith(BEGINS)) return null;
  try {
    const binary = atob(text.slice(BEGINS.length).replaceAll('-', '+').replaceAll('_', '/'));
    const blob = await through(new DecompressionStream('deflate-raw'), Uint8Array.from(binary, (letter) => letter.charCodeAt(0)));
    const what = JSON.parse(await blob.text());
    return what && typeof what === 'object' && typeof what.text === 'string' ? what : null;
  } catch {
    return null;
  }
}

let handed = null;

/** Gives a text to the page that is gone to next, in memory alone. */
export function hand(what) {
  handed = what;
}

/** What was handed over, once. */
export function taken() {
  const what = handed;
  handed = null;
  return what;
}
