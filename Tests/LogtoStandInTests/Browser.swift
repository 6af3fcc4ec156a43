import LogtoStandIn

/// A browser as far as the stand-in can tell: it keeps cookies by path and follows redirects to the stand-in only.
final class Browser {
    /// Where a walk through redirects ended.
    enum End {
        /// At the application, with these parameters.
        case application(Form)
        /// On a page of the stand-in.
        case page(String, Answer)

        /// The parameters the application got; empty on a page.
        var parameters: Form {
            if case .application(let form) = self { form } else { Form() }
        }
    }

    let port: Int
    private var cookies: [(name: String, value: String, path: String)] = []
    /// Locations on the last walk.
    private(set) var trail: [String] = []

    init(_ op: StandIn) {
        port = op.port
    }

    var cookieNames: [String] { cookies.map(\.name) }

    func forget(_ name: String) {
        cookies.removeAll { $0.name == name }
    }

    func get(_ target: String, headers: [(name: String, value: String)] = []) async throws -> Answer {
        try await send("GET", target, headers: headers)
    }

    func post(_ target: String, _ fields: [(String, String)]) async throws -> Answer {
        let content = (name: "Content-Type", value: "application/x-www-form-urlencoded")
        return try await send("POST", target, headers: [content], body: encoded(fields))
    }

    /// Goes on from an answer until there is a page or the application has the browser back.
    func follow(_ first: Answer, from target: String) async throws -> End {
        trail = []
        var answer = first
        var target = target
        while (300..<400).contains(answer.status), trail.count < 20 {
            trail.append(answer.location)
            let own = "http://127.0.0.1:\(port)"
            guard answer.location.hasPrefix("/") || answer.location.hasPrefix(own + "/") else {
                let query = answer.location.drop { $0 != "?" && $0 != "#" }.dropFirst()
                return .application(Form(encoded: query.utf8))
            }
            target = answer.location.hasPrefix("/") ? answer.location : String(answer.location.dropFirst(own.count))
            answer = try await get(target)
        }
        return .page(target, answer)
    }

    /// Opens an address and follows it.
    func open(_ target: String) async throws -> End {
        try await follow(try await get(target), from: target)
    }

    private func send(
        _ method: String,
        _ target: String,
        headers: [(name: String, value: String)],
        body: String = ""
    ) async throws -> Answer {
        let path = String(target.prefix { $0 != "?" })
        let sent = cookies.filter { path.hasPrefix($0.path) }.map { "\($0.name)=\($0.value)" }
        var headers = headers
        if !sent.isEmpty { headers.append((name: "Cookie", value: sent.joined(separator: "; "))) }
        let answer = try await Wire.send(method, target, port: port, headers: headers, body: body)
        for field in answer.headers where field.name.lowercased() == "set-cookie" { keep(field.value) }
        return answer
    }

    private func keep(_ field: String) {
        let parts = field.split(separator: ";").map { String($0.drop { $0 == " " }) }
        guard let pair = parts.first else { return }
        let name = String(pair.prefix { $0 != "=" })
        let path = parts.first { $0.hasPrefix("path=") }.map { String($0.dropFirst(5)) } ?? "/"
        cookies.removeAll { $0.name == name && $0.path == path }
        if !parts.contains(where: { $0.hasPrefix("expires=Thu, 01 Jan 1970") }) {
            cookies.append((name, String(pair.dropFirst(name.count + 1)), path))
        }
    }
}

/// Fields as a form body or query.
func encoded(_ fields: [(String, String)]) -> String {
    var form = Form()
    for (name, value) in fields { form.append(name, value) }
    return form.encoded
}
