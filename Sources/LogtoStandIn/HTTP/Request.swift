package import NIOHTTP1

/// One request as it came in, with its whole body.
package struct Request: Sendable {
    /// As written.
    package let method: String
    /// The request target as written: path and query.
    package let target: String
    /// All fields, in order.
    package let headers: HTTPHeaders
    /// The whole body.
    package let body: [UInt8]

    /// A request from its parts.
    package init(method: String, target: String, headers: HTTPHeaders, body: [UInt8]) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    /// The target up to the question mark, as written.
    package var path: String {
        String(target.prefix { $0 != "?" })
    }

    /// The fields of the query.
    package var query: Form {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return Form() }
        return Form(encoded: target.utf8[target.utf8.index(after: mark)...])
    }

    /// The first header field of this name.
    package func header(_ name: String) -> String? {
        headers.first(name: name)
    }

    /// The media type of the body: lower case, without parameters.
    var mediaType: String {
        let field = header("content-type") ?? ""
        return String(field.prefix { $0 != ";" }).lowercased().filter { $0 != " " }
    }
}
