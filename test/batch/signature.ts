import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=(.+?)\/(\d{8})\/(.+?)\/s3\/aws4_request, SignedHeaders=(.+?), Signature=([\da-f]{64})$/;

/** Whether a request to S3 is signed with `secret`, by the definition of version 4 of signatures. */
export function isSigned({ method, url = '', headers }: IncomingMessage, body: Buffer, secret: string): boolean {
  const [, , day, region, signed, signature] = AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (!signature) return false;
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const hash = `${headers['x-amz-content-sha256']}`;
  if (hash !== 'UNSIGNED-PAYLOAD' && hash !== sha256(body)) return false;
  searchParams.sort();
  const names = signed.split(';');
  const canonical = [method, pathname, `${searchParams}`, ...names.map((name) => `${name}:${`${headers[name]}`.trim()}`), '', signed, hash];
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical.join('\n'))].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`);
  return hmac(key, text).toString('hex') === signature;
}
