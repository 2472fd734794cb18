/** All clients, in the order in which they are shown. */
import { awsGo, awsJava, awsJs, boto3 } from './aws.ts';
import type { Client } from './client.ts';
import { curl } from './curl.ts';
import { dotnet } from './dotnet.ts';
import { goHttp } from './go.ts';
import { grpc } from './grpc.ts';
import { javaHttp, okHttp } from './java.ts';
import { linux } from './linux.ts';
import { nodeFetch, nodeHttp } from './node.ts';
import { haproxy, nginx } from './proxies.ts';
import { httpx, requests } from './python.ts';
import { wget } from './wget.ts';

export const CLIENTS: readonly Client[] = [
  curl,
  wget,
  requests,
  httpx,
  goHttp,
  javaHttp,
  okHttp,
  nodeHttp,
  nodeFetch,
  dotnet,
  grpc,
  boto3,
  awsJs,
  awsJava,
  awsGo,
  nginx,
  haproxy,
  linux,
];
