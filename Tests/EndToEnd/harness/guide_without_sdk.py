"""The same application as guide_with_sdk.py, with everything of the SDK's left out: it reads header fields.

Run as a program: `guide_without_sdk.py PORT`."""

import sys

from flask import Flask, request

app = Flask(__name__)


@app.route("/")
def home():
    user = request.headers.get("X-Forwarded-User")
    if not user:
        return "Not authenticated <a href='/sign-in'>Sign in</a>"
    return f"Authenticated as {user} <a href='/sign-out'>Sign out</a>"


@app.route("/claims")
def claims():
    fields = request.headers
    return {
        "sub": fields.get("X-Forwarded-User"),
        "name": fields.get("X-Forwarded-Name"),
        "email": fields.get("X-Forwarded-Email"),
        "username": fields.get("X-Forwarded-Preferred-Username"),
        "picture": fields.get("X-Picture"),
        "roles": fields.get("X-Forwarded-Groups", "").split(","),
        "organizations": fields.get("X-Organizations", "").split(","),
        "organization_roles": fields.get("X-Organization-Roles", "").split(","),
    }


@app.route("/resource")
@app.route("/organization")
def token():
    return {"token": request.headers["Authorization"].removeprefix("Bearer ")}


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]))
