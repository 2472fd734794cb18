/**
 * Where things lie in the data folder. Names are ids of our own making; nothing of a request or of
 * a user's file name is part of a path.
 */
import { join } from 'node:path';

export const databasePath = (folder: string): string => join(folder, 'stallscope.db');
export const lockPath = (folder: string): string => join(folder, 'stallscope.lock');
export const reservePath = (folder: string): string => join(folder, 'stallscope.reserve');
/** What is still being received. */
export const incomingFolder = (folder: string): string => join(folder, 'incoming');
export const incomingPath = (folder: string, id: string): string => join(incomingFolder(folder), id);
export const filesFolder = (folder: string): string => join(folder, 'files');
export const incidentFolder = (folder: string, incident: string): string =>
  join(filesFolder(folder), incident);
export const filePath = (folder: string, incident: string, file: string): string =>
  join(incidentFolder(folder, incident), file);
