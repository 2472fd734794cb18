/**
 * nginx as the lab's web server: downloads at a limited rate, uploads by PUT, over http and https,
 * everything in one folder. Pure text.
 * The trap: nginx counts `limit_rate` in whole seconds, so it would send a second's worth at once and
 * then be silent; a small `sendfile_max_chunk` makes it an even stream, in which an outage of any
 * moment finds data in flight.
 */
import { SERVER_PORTS, type ServerPlan } from '../programs.ts';

/** Pieces in which a download leaves: 40 ms worth at 400 kB/s. */
const CHUNK = '16k';

/** The whole configuration. It stays in the foreground, in one process, so that whoever kills it has killed all of it. */
export function nginxConfig(plan: ServerPlan): string {
  const path = (name: string) => quoted(`${plan.folder}/${name}`);
  return `user root;
daemon off;
master_process off;
worker_processes 1;
pid ${path('nginx.pid')};
error_log ${path('nginx-error.log')} info;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${path('body')};
  proxy_temp_path ${path('proxy')};
  fastcgi_temp_path ${path('fastcgi')};
  uwsgi_temp_path ${path('uwsgi')};
  scgi_temp_path ${path('scgi')};
  default_type application/octet-stream;
  sendfile on;
  sendfile_max_chunk ${CHUNK};
  keepalive_requests 100000;
  client_max_body_size 0;
${plan.sendTimeout === undefined ? '' : `  send_timeout ${Math.round(plan.sendTimeout)}ms;\n`}\
  reset_timedout_connection ${plan.resetTimedOut ? 'on' : 'off'};
  server {
${listen(SERVER_PORTS.http, '')}\
${plan.tls === undefined ? '' : tls(plan.tls)}\
    root ${path('www')};
    location / { limit_rate ${Math.round(plan.rate)}; }
    location /upload/ { dav_methods PUT; create_full_put_path on; }
  }
}
`;
}

const listen = (port: number, options: string): string =>
  `    listen ${port}${options};\n    listen [::]:${port}${options};\n`;

const tls = ({ certificate, key }: NonNullable<ServerPlan['tls']>): string =>
  `${listen(SERVER_PORTS.https, ' ssl')}    ssl_certificate ${quoted(certificate)};\n    ssl_certificate_key ${quoted(key)};\n`;

/** @throws where it holds what nginx cannot have in a word */
function quoted(text: string): string {
  if (/["\\$\n]/.test(text)) throw new Error(`nginx cannot read files in ${JSON.stringify(text)}`);
  return `"${text}"`;
}
