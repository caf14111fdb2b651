import { platform } from '#platform';
import { TraceletError } from '../../base/error.ts';
import { loaded } from '../loaded.ts';
import { type Fetch, httpStore } from './http.ts';
import type { Store } from './store.ts';

const S3 = /^s3:\/\/([^/]+)\/?(.*)$/;
const DEFAULT_REGION = 'us-east-1';

/**
 * A bucket of S3 or of what speaks like it, as `s3://bucket/prefix`. Keys, region and endpoint are those of the environment, as the tools of AWS read them:
 * AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL. Throws an `unsupported` error where aws4fetch
 * is not installed, and a `value` error without keys.
 */
export async function s3Store(place: string): Promise<Store> {
  const [, bucket, prefix] = S3.exec(place) ?? [];
  const [accessKeyId, secretAccessKey, sessionToken] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].map(
    platform.env,
  );
  if (!bucket || !accessKeyId || !secretAccessKey)
    throw new TraceletError('value', {
      what: place,
      expected: bucket ? 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment' : 's3://bucket/prefix',
      got: bucket ? 'none' : 'another address',
    });
  const region = platform.env('AWS_REGION') ?? DEFAULT_REGION;
  const endpoint = platform.env('AWS_ENDPOINT_URL_S3') ?? platform.env('AWS_ENDPOINT_URL');
  const { AwsClient } = await loaded(() => import('aws4fetch'), 'aws4fetch');
  const client = new AwsClient({ accessKeyId, secretAccessKey, sessionToken, region, service: 's3', retries: 0 });
  const address = endpoint
    ? `${endpoint.replace(/\/+$/, '')}/${bucket}/${prefix}`
    : `https://${bucket}.s3.${region}.amazonaws.com/${prefix}`;
  return httpStore(address, client.fetch.bind(client) as Fetch);
}
