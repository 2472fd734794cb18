/**
 * Clients in Python, as text for `python3 -c`: they are to show what Python does, so they cannot be Node.
 * The trap: a program that dies of an exception ends with 1 as well; so each says what it was.
 */

/** URL, and seconds between bytes (0: none), as `timeout` of requests takes them. */
export const REQUESTS_PROGRAM = `
import sys, requests
url, seconds = sys.argv[1], float(sys.argv[2])
try:
    with requests.get(url, stream=True, timeout=seconds or None) as answer:
        size = sum(len(part) for part in answer.iter_content(65536))
    print('size=%d' % size)
except requests.RequestException as error:
    print('err=%s' % error)
    sys.exit(1)
`;

/** Address, path, size, bytes a second, TCP_USER_TIMEOUT in ms (0: the kernel's). */
export const SENDER_PROGRAM = `
import socket, sys, time
address, path = sys.argv[1:3]
size, rate, user_timeout = map(int, sys.argv[3:6])
try:
    s = socket.create_connection((address, 80))
    if user_timeout:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, user_timeout)
    s.sendall(('PUT %s HTTP/1.1\\r\\nHost: server\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n' % (path, size)).encode())
    left = size
    while left > 0:
        part = min(left, rate // 25)
        s.sendall(bytes(part))
        left -= part
        time.sleep(0.04)
    print(s.recv(200).split(b'\\r\\n')[0].decode())
except OSError as error:
    print('err=%s' % error)
    sys.exit(1)
`;
