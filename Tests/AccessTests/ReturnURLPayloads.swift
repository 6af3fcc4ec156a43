/// Ways to make a sign-in end on another host, or to run a script, by somebody's parser: none may pass.
enum Payloads {
    static let all: [String] =
        Self.schemeRelative + Self.backslashes + Self.whitespace + Self.otherHosts + Self.userinfo + Self.slashGames
        + Self.schemes + Self.encoded
        + Self.relative + Self.segments + Self.lookalikes

    private static let schemeRelative = [
        "//evil.example", "//evil.example/", "//evil.example/a", "///evil.example", "////evil.example",
        "/////evil.example", "//", "///", "//app.example.com/a", "//localhost:8080/", "//evil.example?a",
        "//evil.example#a", "//evil.example:443/", "//127.0.0.1", "//2130706433", "//0x7f000001", "//[::1]/",
        "//evil", "//.", "//..", "//evil.example/..", "//?evil.example", "//#evil.example", "//%65vil.example",
        "//\u{FF45}vil.example", "//evil.example//a", "//@evil.example", "//:evil.example", "//;evil.example",
    ]

    private static let backslashes = [
        "\\", "\\\\evil.example", "/\\evil.example", "/\\/evil.example", "\\/evil.example", "/\\\\evil.example",
        "\\/\\/evil.example", "/\\\\/evil.example", "//\\evil.example", "\\\\/evil.example", "/a\\b",
        "/a/\\evil.example", "/a\\..\\b", "/..\\evil.example", "/\\", "\\evil.example", "/\\@evil.example", "/a\\",
        "https:\\\\evil.example", "https:/\\evil.example", "https:\\/evil.example",
        "https://app.example.com\\@evil.example", "https://app.example.com\\.evil.example",
        "https://evil.example\\@app.example.com/", "https://app.example.com/\\evil.example", "https://evil.example\\",
        "https:\\\\app.example.com\\a",
    ]

    private static let whitespace = [
        " //evil.example", "\t//evil.example", "\n//evil.example", "\r//evil.example", "/\t/evil.example",
        "/\n/evil.example", "/\r/evil.example", "/\r\n/evil.example", "/\t\\evil.example", "/\n\t\r/evil.example",
        " /a", "/a ", "\u{0}/a", "/\u{0}/evil.example", "/\u{B}/evil.example", "/\u{C}/evil.example",
        "/\u{7F}/evil.example", "\u{1F}//evil.example", "/a\r\nLocation: https://evil.example",
        "/a\r\nSet-Cookie: a=b",
        "/a\nb", "/a\u{0}", "ht\ttps://evil.example", "https:\n//evil.example", "https://ev\til.example",
        " https://app.example.com/", "https://app.example.com/ ", "\u{A0}//evil.example", "\u{FEFF}//evil.example",
        "\u{2028}//evil.example", "\u{3000}//evil.example", "/a\u{1B}", "/ ", "java\nscript:alert(1)",
        "\u{85}//evil.example",
    ]

    private static let otherHosts = [
        "https://evil.example", "https://evil.example/", "https://evil.example/app.example.com",
        "https://evil.example?app.example.com", "https://evil.example#app.example.com",
        "https://app.example.com.evil.example",
        "https://app.example.comevil.example", "https://evil-app.example.com", "https://evil.app.example.com",
        "https://example.com", "https://app.example.com:8443/", "https://app.example.com:80/",
        "https://app.example.com:0/",
        "https://app.example.com:/", "https://app.example.com:443443/", "https://app.example.com:443evil/",
        "https://app.example.com./a", "https://.app.example.com/", "https://app..example.com/",
        "https://app.example.com,evil.example/",
        "https://app.example.com;evil.example/", "https://app.example.com%2eevil.example/",
        "https://app.example.com%00.evil.example/", "https://app.example.com%2F.evil.example/",
        "https://app.example.com%5C.evil.example",
        "https://app.example.com evil.example/", "https://app.example.com\u{FF0E}evil.example/",
        "https://app\u{3002}example\u{3002}com/", "https://app\u{FF61}example.com/",
        "https://\u{FF41}pp.example.com/",
        "https://app.example.co\u{43C}/", "https://app.ex\u{E4}mple.com/", "https://[::1]/", "https://127.0.0.1/",
        "https://app.example.com[evil.example]/", "https://app.example.com'evil.example/", "https://*/",
        "https://$(evil)/",
        "https://app.exam\u{AD}ple.com/", "https://app.example.com\u{200B}/", "https://a\u{200D}pp.example.com/",
        "https://app.example.com\u{301}/",
    ]

    private static let userinfo = [
        "https://app.example.com@evil.example", "https://app.example.com@evil.example/",
        "https://app.example.com:443@evil.example/", "https://user@app.example.com/",
        "https://user:password@app.example.com/",
        "https://@app.example.com/", "https://evil.example@app.example.com/",
        "https://app.example.com%40evil.example/", "https://:@app.example.com/",
        "https://evil.example:80@app.example.com:443/", "https://a@b@app.example.com/",
        "https://app.example.com\\?@evil.example@/", "https://evil.example#@app.example.com/",
        "https://evil.example?@app.example.com/",
    ]

    private static let slashGames = [
        "https:", "https:/", "https://", "https:///", "https:evil.example", "https:/evil.example",
        "https:///evil.example", "https:////evil.example", "https:app.example.com", "https:/app.example.com/a",
        "https:///app.example.com/a", "https:////app.example.com/a", "https:a", "https:/a", "https:?a", "https:#a",
        "https://?a", "https://#a", "https://app.example.com//evil.example", "https://app.example.com///evil.example",
        "https://app.example.com/%2Fevil.example", "https://app.example.com/%5Cevil.example",
        "https://app.example.com//",
    ]

    private static let schemes = [
        "http://app.example.com/a", "ftp://app.example.com/", "javascript:alert(1)", "JavaScript:alert(1)",
        "javascript://app.example.com/%0aalert(1)", "javascript:/a", "data:text/html,a", "data://app.example.com/,a",
        "vbscript:a", "file:///etc/passwd", "blob:https://app.example.com/a", "view-source:https://app.example.com/",
        "about:blank", "mailto:a@app.example.com", "x://app.example.com/", "://app.example.com/", ":/a", ":",
        "httpss://app.example.com/", "https\u{301}://app.example.com/", "\u{FF48}ttps://app.example.com/",
        "https%3A//app.example.com/", "https%3A%2F%2Fevil.example", "feed:https://evil.example",
        "filesystem:https://app.example.com/a",
        "wss://app.example.com/", "HTTP://evil.example/", "url:https://evil.example",
    ]

    private static let encoded = [
        "%2F%2Fevil.example", "/%2Fevil.example", "/%2f%2fevil.example", "/%5Cevil.example", "/%5c%5cevil.example",
        "%5C%5Cevil.example", "/%09/evil.example", "/%0a/evil.example", "/%0D%0ALocation:evil", "/%00/evil.example",
        "/%252Fevil.example", "/%252f%252fevil.example", "/%255Cevil.example", "/%2e%2e//evil.example",
        "/%2e/evil.example", "/%2E%2E/%2Fevil.example", "/a%0d%0ab", "/%c0%af/evil.example", "/%25%32%46evil.example",
        "/%u002fevil.example",
        "/%", "/%2", "/%zz", "/%2F/evil.example", "/%2F%5Cevil.example", "/a%5Cb", "/%7F", "/%C2%85", "/%250a",
    ]

    private static let relative = [
        "", "a", "a/b", "./a", "../a", ".", "..", "?a", "#a", "evil.example", "evil.example/a", "app.example.com/a",
        "app.example.com:443/a", "www.evil.example", "@evil.example", ":80", ";/a", "~/a", "*", "-", "%", "0",
    ]

    private static let segments = [
        "/..", "/../", "/../a", "/./a", "/a/..", "/a/../b", "/a/../../b", "/.//evil.example", "/..//evil.example",
        "/a/..//evil.example", "/./\\evil.example", "/;/evil.example", "/;@evil.example", "/a;b", "/..;/a",
        "/.;/evil.example",
        "/a/.../b", "/%2e%2e/a", "/a/%2e%2e%2f%2fevil.example", "/..%2F/evil.example",
    ]

    private static let lookalikes = [
        "\u{FF0F}\u{FF0F}evil.example", "\u{2215}\u{2215}evil.example", "\u{FF3C}\u{FF3C}evil.example",
        "\u{3002}evil.example", "\u{FF0F}evil.example", "/\u{FF0E}\u{FF0E}/\u{FF0F}evil.example",
        "/..\u{FF0F}/evil.example", "/\u{FFFD}/evil.example", "/\u{2025}/evil.example", "/\u{85}/evil.example",
    ]
}
