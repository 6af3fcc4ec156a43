import Cryptography

/// A page of ours: no script, no request to anywhere, readable on a phone and in the dark.
package struct Page {
    /// A way onward.
    package enum Action {
        case link(label: String, href: String)
        /// Posts to one of our own endpoints.
        case button(label: String, action: String)
    }

    package let text: Text
    package var actions: [Action] = []
    /// Shown small, so that a user can name it to whoever reads the log.
    package let requestID: String?
    /// The same for a decision that the log explains.
    package let decisionID: String?

    package init(_ text: Text, actions: [Action] = [], requestID: String?) {
        self.text = text
        self.actions = actions
        self.requestID = requestID
        self.decisionID = nil
    }

    package init(_ text: Text, decisionID: String) {
        self.text = text
        self.requestID = nil
        self.decisionID = decisionID
    }

    package var bytes: [UInt8] {
        var html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <title>\(Self.escaped(self.text.title))</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <main>
            <h1>\(Self.escaped(self.text.title))</h1>
            <p>\(Self.escaped(self.text.message))</p>

            """
        for action in self.actions { html += Self.html(action) + "\n" }
        if let requestID { html += "<p class=\"id\">Request \(Self.escaped(requestID))</p>\n" }
        if let decisionID { html += "<p class=\"id\">Decision \(Self.escaped(decisionID))</p>\n" }
        html += "</main>\n</body>\n</html>\n"
        return Array(html.utf8)
    }

    /// Allows the one style above, by its digest, and nothing else.
    package static let contentSecurityPolicy =
        "default-src 'none'; style-src 'sha256-\(Base64.encode(Digest.sha256(Array(style.utf8))))'; "
        + "base-uri 'none'; frame-ancestors 'none'"

    private static func html(_ action: Action) -> String {
        switch action {
        case .link(let label, let href):
            return "<p><a class=\"action\" href=\"\(Self.escaped(href))\">\(Self.escaped(label))</a></p>"
        case .button(let label, let action):
            return """
                <form method="post" action="\(Self.escaped(action))">\
                <button class="action" type="submit">\(Self.escaped(label))</button></form>
                """
        }
    }

    /// Text for an HTML element or a quoted attribute.
    package static func escaped(_ text: String) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): result += "&amp;".utf8
            case UInt8(ascii: "<"): result += "&lt;".utf8
            case UInt8(ascii: ">"): result += "&gt;".utf8
            case UInt8(ascii: "\""): result += "&quot;".utf8
            case UInt8(ascii: "'"): result += "&#39;".utf8
            default: result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1d2530;--paper:#f5f6f8;--card:#fff;--line:#dde1e7;--accent:#3a5bd9}\
        @media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--paper:#14171c;--card:#1d2128;--line:#333a45;--accent:#8fa6ff}}\
        *{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;\
        background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}\
        main{width:100%;max-width:30rem;padding:2.25rem;background:var(--card);border:1px solid var(--line);\
        border-radius:1rem}h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.3}p{margin:0 0 1rem}form{margin:0}\
        .action{display:inline-block;padding:.6rem 1.2rem;border:1px solid var(--accent);border-radius:.6rem;\
        background:none;color:var(--accent);font:inherit;font-weight:600;text-decoration:none;cursor:pointer}\
        .action:hover,.action:focus-visible{background:var(--accent);color:var(--card)}\
        .id{margin:1.5rem 0 0;font-size:.8rem;opacity:.65;overflow-wrap:anywhere}
        """
}
