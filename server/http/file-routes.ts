/** The files of an incident: upload, name of the vantage, delete, download. */
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { FileOnDisk } from '../store/store.ts';
import type { AddRoutes } from './context.ts';
import { badRequest, unreadable } from './http-error.ts';
import { fieldsOf, idOf, jsonBody, textOf } from './parameters.ts';
import { finished } from './pieces.ts';
import { discardRest } from './uploads.ts';

const MOST_NAME = 1024;
const MOST_VANTAGE = 255;

export const addFileRoutes: AddRoutes = (router, { store, limits, uploads }) => {
  router.put('/api/incidents/:incident/files', async (request, response) => {
    try {
      const incident = idOf(request, 'incident');
      const name = textOf(request, 'name', MOST_NAME) ?? '';
      const vantage = textOf(request, 'vantage', MOST_VANTAGE);
      response.status(201).json(await uploads.take(request, incident, { name, vantage }));
    } catch (error) {
      // Whoever went away needs no answer.
      if (response.destroyed) return;
      discardRest(request);
      throw error;
    }
  });
  router.patch('/api/incidents/:incident/files/:file', jsonBody(limits.bodyMs), (request, response) => {
    const [incident, file] = [idOf(request, 'incident'), idOf(request, 'file')];
    const fields = fieldsOf(request);
    if (!fields.has('vantage')) throw badRequest("'vantage' is missing", 'null: infer it');
    response.json(store.changeFile(incident, file, fields.textOrNull('vantage', MOST_VANTAGE)));
  });
  router.delete('/api/incidents/:incident/files/:file', (request, response) => {
    store.deleteFile(idOf(request, 'incident'), idOf(request, 'file'));
    response.status(204).end();
  });
  router.get('/api/incidents/:incident/files/:file', async (request, response) => {
    await download(store.file(idOf(request, 'incident'), idOf(request, 'file')), response);
  });
};

/** The bytes as they came. The file is opened first: an answer that has begun cannot say that it is gone. */
async function download({ path, name, size, sha256 }: FileOnDisk, response: Response): Promise<void> {
  const handle = await open(path).catch((error: unknown) => {
    throw unreadable(name, error);
  });
  try {
    response.attachment(name).set({
      'content-type': 'application/octet-stream',
      'content-length': String(size),
      'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
      'cache-control': 'private, no-cache',
    });
    if (response.req.method === 'HEAD') response.end();
    else await finished(pipeline(handle.createReadStream({ autoClose: false }), response));
  } finally {
    await handle.close();
  }
}
