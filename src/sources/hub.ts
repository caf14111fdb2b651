import { platform } from '#platform';
import { type Problem, TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { OTHER_FORMATS } from './address.ts';
import { cacheOf, type Folder, folderOf, OFFLINE, readText, type SourceOptions, within } from './folder.ts';
import { request } from './http.ts';
import type { Nowhere } from './local.ts';
import { type RemoteOptions, remoteFile, there } from './remote.ts';
import { fromResponse } from './stream.ts';

const HUB = 'https://huggingface.co';
const HUB_HOSTS = ['huggingface.co', 'www.huggingface.co', 'hf.co'];
/** What a name is to be. */
export const NEITHER = 'a directory or file that exists, or a hub id owner/name';
const NO_LEAVE = 'Check its name, accept its terms if it has any, and pass a token that may read it as { token } or in HF_TOKEN';
const ADDRESS = /^https?:\/\/[\w[]/;
const NAME = /^\w([\w.-]{0,94}\w)?$/;
const TRUE = ['1', 'ON', 'YES', 'TRUE'];
const OFFLINE_VARIABLES = ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'];

/** Whether `text` follows the hub's rule for `owner/name`, or for the names of its first models, which have no owner. */
export function isHubId(text: string): boolean {
  const names = text.split('/');
  return names.length <= 2 && names.every((name) => NAME.test(name) && !/--|\.\.|\.git$/.test(name));
}

/** The environment variable that forbids requests to the hub, if one does. */
const forbidden = (): string | undefined => OFFLINE_VARIABLES.find((name) => TRUE.includes((platform.env(name) ?? '').toUpperCase()));

const endpointOf = (options: SourceOptions): string => (options.endpoint ?? platform.env('HF_ENDPOINT') ?? HUB).replace(/\/+$/, '');

/** A segment of an address; one that is no sound escape stays as it is. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** The repository `id` on the hub. `local` is what is known of it as a path. */
export function repository(id: string, given: SourceOptions, local?: Nowhere): Folder {
  const variable = forbidden();
  const options = { ...given, local_files_only: given.local_files_only || variable !== undefined };
  const endpoint = endpointOf(options);
  if (!ADDRESS.test(endpoint))
    throw new TraceletError('source', {
      what: options.endpoint === undefined ? 'HF_ENDPOINT' : 'endpoint',
      expected: 'an address that begins with https://',
      got: describe(endpoint),
    });
  const revision = encodeURIComponent(options.revision ?? 'main');
  const at = (file: string): string => `${endpoint}/${id}/resolve/${revision}/${encoded(file)}`;
  const cached = cacheOf(options.cache);
  const owned = id.includes('/');
  const asking = {
    signal: options.signal,
    token: options.token ?? platform.env('HF_TOKEN'),
    cure: NO_LEAVE,
    unknown: (problem: Problem): Problem => unknownName(id, local, problem),
    hashed: true,
  };
  const about = async (file: string): Promise<RemoteOptions> => ({ ...options, ...asking, name: id, file, cache: await cached });
  return folderOf({
    name: id,
    cure: cureOf(options, variable, local, owned),
    at,
    seek: async (file) => remoteFile(at(file), await about(file)),
    contents: async () => {
      if (options.local_files_only) return [];
      return (await listed(`${endpoint}/api/models/${id}/revision/${revision}`, asking)) ?? (await there(OTHER_FORMATS, at, asking));
    },
  });
}

/** A name may be meant as a path, and one without an owner most often is, or lacks it. */
function unknownName(id: string, local: Nowhere | undefined, problem: Problem): Problem {
  const path = local?.got ?? 'no path here';
  if (id.includes('/')) return local ? { ...problem, got: `${problem.got}, and ${path}` } : problem;
  return {
    ...problem,
    what: id,
    expected: NEITHER,
    got: `neither: ${path}, and ${problem.got} for ${problem.what}`,
    cure: `Check the path, or write the full name, owner/name. ${problem.cure}`,
  };
}

function cureOf(
  { local_files_only }: SourceOptions,
  variable: string | undefined,
  local: Nowhere | undefined,
  owned: boolean,
): string | undefined {
  const offline = variable ? `${variable} is set: load it once without that` : OFFLINE;
  const path = local && (local.close || !owned) ? `As a path: ${local.got}` : undefined;
  const cures = [path, local_files_only ? offline : owned ? undefined : 'Models on the hub are called owner/name'];
  return cures.filter(Boolean).join('. ') || undefined;
}

/** What the hub says that a repository holds; undefined where it does not say. */
async function listed(url: string, asking: Partial<RemoteOptions>): Promise<string[] | undefined> {
  try {
    const { response, absence } = await request(url, {}, { ...asking, waits: 0 });
    if (absence) await response.body?.cancel();
    const answer: unknown = absence ? undefined : JSON.parse(await readText(fromResponse(response, url, asking.signal)));
    if (!isObject(answer) || !Array.isArray(answer.siblings)) return undefined;
    return answer.siblings.map((entry) => String(entry?.rfilename));
  } catch {
    asking.signal?.throwIfAborted();
    return undefined;
  }
}

/** Pages whose address goes on with a revision and a path. */
const FILE_PAGES = ['tree', 'blob', 'raw', 'resolve', 'edit', 'blame'];
const PAGES = [...FILE_PAGES, 'commit', 'commits', 'discussions', 'settings'];
/** What may as well be a folder on a server that is not the hub alone. */
const FOLDER = /^\/[^/]+(\/|\/[^/]+\/)?$/;
const OTHER_KINDS: Readonly<Record<string, string>> = { datasets: 'a data set', spaces: 'a space' };

/**
 * What a page of the hub, or of the endpoint in its place, shows: a repository, a folder or a file of it, at a revision. Undefined for
 * addresses that are no such page. Throws `source` errors for what is no model, and for two revisions.
 */
export function pageOf(address: string, options: SourceOptions): { folder: Folder; file?: string } | undefined {
  const url = new URL(address);
  const isHub = HUB_HOSTS.includes(url.host);
  const endpoint = isHub ? HUB : endpointOf(options);
  const path = isHub ? url.pathname : below(endpoint, url);
  if (path === undefined || (!isHub && FOLDER.test(path))) return undefined;
  const segments = path.split('/').filter(Boolean).map(decoded);
  const kind = segments.length > 1 && OTHER_KINDS[segments[0]];
  if (kind) throw new TraceletError('source', { what: address, expected: 'a model', got: kind });
  const named = PAGES.includes(segments[1]) ? 1 : 2;
  const id = segments.slice(0, named).join('/');
  const [page, ...rest] = segments.slice(named);
  if (!isHubId(id) || id === '' || id === 'models' || (page !== undefined && !PAGES.includes(page))) return undefined;
  const [revision, inner] = FILE_PAGES.includes(page) ? revisionOf(rest) : [undefined, []];
  if (revision !== undefined && options.revision !== undefined && options.revision !== revision)
    throw new TraceletError('source', {
      what: address,
      expected: `revision ${revision}, as it says`,
      got: `{ revision: '${options.revision}' }`,
    });
  const whole = repository(id, { ...options, endpoint, revision: revision ?? options.revision });
  const isFolder = page === 'tree' || path.endsWith('/') || inner.length === 0;
  const folders = isFolder ? inner : inner.slice(0, -1);
  return { folder: folders.length > 0 ? within(whole, folders.join('/')) : whole, file: isFolder ? undefined : inner.at(-1) };
}

/** The part of an address that is behind `endpoint`. */
function below(endpoint: string, { origin, pathname }: URL): string | undefined {
  if (!ADDRESS.test(endpoint)) return undefined;
  const base = new URL(endpoint);
  const prefix = base.pathname.replace(/\/$/, '');
  return origin === base.origin && pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : undefined;
}

/** A revision, of which only those of pull requests have slashes, and what is behind it. */
function revisionOf(segments: readonly string[]): [string | undefined, string[]] {
  const length = segments[0] === 'refs' ? 3 : 1;
  return [segments.length > 0 ? segments.slice(0, length).join('/') : undefined, segments.slice(length)];
}
