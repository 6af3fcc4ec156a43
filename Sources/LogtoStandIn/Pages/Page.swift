/// HTML without dependencies: light and dark, readable on a phone, no scripts but the two Logto itself needs.
package enum Page {
    /// A whole document. `body` is HTML; escape what goes into it.
    package static func document(_ title: String, language: String = "en", _ body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="\(escape(language))">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escape(title))</title>
        <style>\(style)</style>
        </head>
        <body><main>
        \(body)
        </main></body>
        </html>
        """
    }

    /// Text made safe between tags and inside quoted attributes.
    package static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// panva's page that posts fields by itself.
    static func submitting(_ fields: Form, to action: String) -> String {
        let inputs = fields.fields.map { hidden($0.name, $0.value) }.joined(separator: "\n")
        return """
            <!DOCTYPE html>
            <html>
            <head><title>Submitting Callback</title></head>
            <body onload="javascript:document.forms[0].submit()">
            <form method="post" action="\(escape(action))">
            \(inputs)
            <noscript>Your browser does not support JavaScript or you've disabled it.<br>
            <button autofocus type="submit">Continue</button></noscript>
            </form>
            </body>
            </html>
            """
    }

    /// Logto's page that confirms a logout by itself.
    static func logout(xsrf: String, action: String) -> String {
        """
        <!DOCTYPE html>
        <html>
        <head><title>Signing out</title></head>
        <body onload="document.getElementById('op.logoutForm').submit();">
        <form id="op.logoutForm" method="post" action="\(escape(action))">\(hidden("xsrf", xsrf))</form>
        <input type="hidden" form="op.logoutForm" value="yes" name="logout" />
        <noscript><button type="submit" form="op.logoutForm">Sign out</button></noscript>
        </body>
        </html>
        """
    }

    /// A hidden field.
    static func hidden(_ name: String, _ value: String) -> String {
        "<input type=\"hidden\" name=\"\(escape(name))\" value=\"\(escape(value))\"/>"
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1c1b22;--soft:#6b6975;--line:#dcdae3;--card:#fff;--ground:#f4f3f7;\
        --key:#5d34f2}
        @media(prefers-color-scheme:dark){:root{--ink:#eceaf2;--soft:#a09dac;--line:#3a3844;--card:#24222b;\
        --ground:#17161c;--key:#a893ff}}
        *{box-sizing:border-box}
        body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);\
        font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans CJK SC",sans-serif}
        main{max-width:28rem;margin:0 auto;padding:2rem 1.25rem;background:var(--card)}
        @media(min-width:32rem){main{margin:3rem auto;border:1px solid var(--line);border-radius:1rem}}
        h1{font-size:1.5rem;line-height:1.25;margin:0 0 .25rem}h2{font-size:1rem;margin:1.5rem 0 .5rem}
        p{margin:.25rem 0 1rem}.soft,small{color:var(--soft)}small{display:block}a{color:var(--key)}
        form{margin:0 0 .5rem}label{display:block;margin:.5rem 0 .25rem}
        input{width:100%;padding:.625rem .75rem;font:inherit;color:inherit;background:transparent;\
        border:1px solid var(--line);border-radius:.5rem}
        button,.button{display:block;width:100%;padding:.625rem .75rem;margin:.5rem 0 0;font:inherit;text-align:left;\
        color:inherit;background:transparent;border:1px solid var(--line);border-radius:.5rem;cursor:pointer;\
        text-decoration:none}
        button:hover,button:focus-visible,.button:hover{border-color:var(--key);outline:none}
        .main{background:var(--key);border-color:var(--key);color:var(--card);text-align:center}
        details{margin-top:1.5rem;border-top:1px solid var(--line);padding-top:1rem}summary{cursor:pointer}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;font-size:.875rem;margin:.75rem 0 0}
        dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}code{font-size:.875em;overflow-wrap:anywhere}
        """
}
