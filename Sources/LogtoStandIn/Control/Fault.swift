import JSON
import NIOHTTP1

/// Something that goes wrong with the next requests to a route.
struct Fault: Sendable {
    /// A path such as "/oidc/token", its name ("token"), or "*".
    var route: String
    /// Only token requests of this grant type.
    var grantType: String?
    /// How many requests are left to fail; below zero: all of them.
    var remaining: Int64 = 1
    /// Milliseconds before the answer begins. The request itself is carried out at once.
    var delay: Int64 = 0
    /// An answer of its own; the request is not carried out.
    var status: Int?
    var headers: [(name: String, value: String)] = []
    var body: String?
    /// Close the connection; the request is not carried out.
    var close = false
    /// Carry the request out, then close the connection without an answer.
    var drop = false
    /// Say nothing, and leave the connection open; the request is not carried out.
    var hang = false
    /// Cut the body after so many bytes.
    var truncateAt: Int?
    /// Send the body in pieces of so many bytes, `pieceDelay` milliseconds apart.
    var pieceSize: Int?
    var pieceDelay: Int64 = 0
    /// Spaces added behind the body, in bytes.
    var padding = 0
    /// Compress the body even if nobody asked.
    var gzip = false
    /// Instead of the body, compressed spaces that inflate to so many bytes.
    var inflatesTo: Int?

    /// Short names of routes.
    static let names: [(String, String)] = [
        ("discovery", "/oidc/.well-known/openid-configuration"), ("jwks", "/oidc/jwks"), ("auth", "/oidc/auth"),
        ("token", "/oidc/token"), ("me", "/oidc/me"), ("introspection", "/oidc/token/introspection"),
        ("revocation", "/oidc/token/revocation"), ("end_session", "/oidc/session/end"),
    ]

    /// Whether this request is meant.
    func matches(_ request: Request) -> Bool {
        let path = Fault.names.first { sameBytes($0.0, route) }?.1 ?? route
        guard path == "*" || sameBytes(path, request.path) else { return false }
        guard let grantType else { return true }
        return Form(encoded: request.body)["grant_type"] == grantType
    }

    /// Carries the request out, or not, and says how the answer travels.
    func deliver(_ answer: () -> Response) -> Delivery {
        guard !close, !hang else {
            var delivery = Delivery(nil)
            delivery.hang = hang
            delivery.delay = delay
            return delivery
        }
        var response: Response
        if let status {
            response = Response(status: status, headers: HTTPHeaders(headers.map { ($0.name, $0.value) }))
            response.body = Array((body ?? "").utf8)
            if response.headers["content-type"].isEmpty {
                response = response.with("Content-Type", "text/html; charset=utf-8")
            }
        } else {
            response = answer()
            for header in headers { response = response.with(header.name, header.value) }
            if let body { response.body = Array(body.utf8) }
        }
        response.body += repeatElement(UInt8(ascii: " "), count: padding)
        if let inflatesTo {
            response.body = Gzip.spaces(inflatesTo)
            response = response.with("Content-Encoding", "gzip")
        } else if gzip {
            response.body = Gzip.wrap(response.body)
            response = response.with("Content-Encoding", "gzip")
        }
        var delivery = Delivery(drop ? nil : response)
        delivery.delay = delay
        delivery.truncateAt = truncateAt
        delivery.pieceSize = pieceSize
        delivery.pieceDelay = pieceDelay
        return delivery
    }
}

extension StandInState {
    /// The fault that this request meets, counted down.
    mutating func takeFault(for request: Request) -> Fault? {
        guard let index = faults.firstIndex(where: { $0.matches(request) }) else { return nil }
        let fault = faults[index]
        if fault.remaining > 0 { faults[index].remaining -= 1 }
        if faults[index].remaining == 0 { faults.remove(at: index) }
        record("fault", ["route": .string(fault.route), "path": .string(request.path)])
        return fault
    }
}
