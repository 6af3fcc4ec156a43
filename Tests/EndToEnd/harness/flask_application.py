"""The guide's Flask sample with the SDK removed. It knows nothing of OpenID Connect; /sign-in, /callback and /sign-out
belong to the gateway. Run as a program: `flask_application.py PORT`."""

import sys
from urllib.parse import unquote

from flask import Flask, request

app = Flask(__name__)


@app.route("/")
def home():
    user = request.headers.get("X-Forwarded-User")
    return f"signed in as {user} <a href='/sign-out'>Sign out</a>" if user else "<a href='/sign-in'>Sign in</a>"


@app.route("/protected")
def protected():
    return f"Hello, {request.headers.get('X-Forwarded-Name')}. The application sees {request.remote_addr}."


@app.route("/me")
def me():
    def members(name):
        return [unquote(part) for part in request.headers.get(name, "").split(",") if part]

    return {
        "user": request.headers.get("X-Forwarded-User"),
        "roles": members("X-Roles"),
        "organizations": members("X-Organizations"),
    }


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]))
