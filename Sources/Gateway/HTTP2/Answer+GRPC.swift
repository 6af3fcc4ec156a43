import NIOHTTP1

extension Answer {
    /// The same for a call of gRPC, which looks for its status in the trailers and takes every other answer for a broken one.
    /// A response that is all trailers (gRPC over HTTP/2, "Trailers-Only").
    package var asGRPC: Answer {
        var answer = Answer(status: .ok, contentType: "application/grpc")
        answer.fields = [("grpc-status", String(self.statusOfGRPC)), ("grpc-message", self.status.reasonPhrase)]
        answer.fields += self.fields.filter { $0.name == "Retry-After" }
        answer.fault = self.fault
        return answer
    }

    /// As gRPC's own table of HTTP's codes has it.
    private var statusOfGRPC: Int {
        switch self.status.code {
        // A challenge, however it would be told to a browser: UNAUTHENTICATED.
        case 401, 300..<400: 16
        // PERMISSION_DENIED
        case 403: 7
        // UNIMPLEMENTED
        case 404, 405, 421: 12
        // INTERNAL
        case 400, 417: 13
        // RESOURCE_EXHAUSTED
        case 413, 414, 431: 8
        // UNAVAILABLE
        case 429, 502, 503, 504: 14
        // DEADLINE_EXCEEDED
        case 408: 4
        // UNKNOWN
        default: 2
        }
    }
}
