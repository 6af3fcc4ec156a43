"""HTML forms, as a user agent without scripts sees them."""

from html.parser import HTMLParser


class Form:
    def __init__(self, attributes):
        self.id = attributes.get("id")
        self.action = attributes.get("action", "")
        self.method = attributes.get("method", "get").upper()
        self.fields = []
        self.buttons = []


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms = []
        self.by_id = {}
        self.current = None

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.current = Form(attributes)
            self.forms.append(self.current)
            if self.current.id:
                self.by_id[self.current.id] = self.current
        elif tag in ("input", "button", "select", "textarea"):
            form = self.by_id.get(attributes["form"]) if "form" in attributes else self.current
            name = attributes.get("name")
            if form is None or not name:
                return
            kind = attributes.get("type", "submit" if tag == "button" else "text").lower()
            pair = (name, attributes.get("value", ""))
            if kind in ("submit", "image", "button"):
                form.buttons.append(pair)
            elif kind not in ("checkbox", "radio") or "checked" in attributes:
                form.fields.append(pair)

    def handle_endtag(self, tag):
        if tag == "form":
            self.current = None


def forms_in(html):
    reader = _Reader()
    reader.feed(html)
    return reader.forms
