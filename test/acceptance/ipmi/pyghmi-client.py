"""Calls pyghmi's IPMI client: ADDRESS PORT USER PASSWORD PRIVILEGE METHOD [JSON-LIST-OF-ARGUMENTS [JSON-OPTIONS]] ...

Prints each call's result, or the type and text of its error. The method "console" opens serial over LAN instead: prints
what comes until it holds the first argument, then sends the second one and waits for the third.
"""
import json
import sys
import time

from pyghmi.ipmi import command, console


def open_console(bmc, port, user, password, wanted, typed, answer):
    received = []

    def take(data):
        received.append(data if isinstance(data, (bytes, bytearray)) else str(data).encode())

    session = console.Console(bmc, user, password, take, port=port)

    def wait_for(text):
        end = time.monotonic() + 30
        while text.encode() not in b''.join(received):
            if time.monotonic() > end:
                raise TimeoutError(f'{text!r} is not in {b"".join(received)!r}')
            console.Console.wait_for_rsp(timeout=1)

    wait_for(wanted)
    session.send_data(typed)
    wait_for(answer)
    session.close()
    return b''.join(received).decode()


def calls_of(words):
    calls = []
    for word in words:
        if word.startswith('['):
            calls[-1]['arguments'] = json.loads(word)
        elif word.startswith('{'):
            calls[-1]['options'] = json.loads(word)
        else:
            calls.append({'method': word, 'arguments': [], 'options': {}})
    return calls


def main():
    bmc, port, user, password, privilege = sys.argv[1:6]
    calls = calls_of(sys.argv[6:])
    if calls[0]['method'] == 'console':
        print(open_console(bmc, int(port), user, password, *calls[0]['arguments']))
        return
    client = command.Command(bmc=bmc, port=int(port), userid=user, password=password, privlevel=int(privilege))
    for call in calls:
        result = getattr(client, call['method'])(*call['arguments'], **call['options'])
        print([str(item) for item in result] if hasattr(result, '__next__') else result)


try:
    main()
except Exception as error:  # whatever pyghmi raises is its answer
    print(f'{type(error).__name__}: {error}')
    sys.exit(1)
