"""A receiver that checks messages with the published packages: standardwebhooks and cloudevents.

Prints its port, then for each request a line of JSON: what the packages read, or why they refused.
"""

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks import Webhook, WebhookVerificationError

SECRETS = os.environ["SECRETS"].split()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = dict(self.headers.items())
        try:
            # Each receiver has one of the secrets; every one must find its own signature.
            for secret in SECRETS:
                Webhook(secret).verify(body, headers)
            event = from_http_event(HTTPMessage(headers=headers, body=body))
            shown = {
                "webhook-id": self.headers["webhook-id"],
                "id": event.get_id(),
                "source": event.get_source(),
                "type": event.get_type(),
                "subject": event.get_subject(),
                "specversion": event.get_specversion(),
                "time": event.get_time().isoformat(),
                "datacontenttype": event.get_datacontenttype(),
                "data": event.get_data(),
            }
            forged = body.replace(b"ticket", b"tickte", 1)
            try:
                Webhook(SECRETS[0]).verify(forged, headers)
                shown["forged"] = "accepted"
            except WebhookVerificationError:
                shown["forged"] = "refused"
            status = 204
        except Exception as error:  # Whatever it is, the test is to say it.
            shown, status = {"error": repr(error)}, 400
        print(json.dumps(shown), flush=True)
        self.send_response(status)
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
