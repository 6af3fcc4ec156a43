import Access
import NIOHTTP1

/// What a route answers without an upstream: the same for every path, or the files of a directory. It is read when the
/// gateway starts, so that no request touches the disk and no path leads out of the directory.
package enum FixedAnswers: Sendable, Equatable {
    case one(Content, status: Int)
    /// By decoded path below the route; "" is the index.
    case files([[UInt8]: Content])

    package struct Content: Sendable, Equatable {
        package let type: String
        package let bytes: [UInt8]

        package init(type: String, bytes: [UInt8]) {
            self.type = type
            self.bytes = bytes
        }
    }

    /// - Parameter path: decoded, below the route's, without a slash in front.
    func answer(method: String, path: ArraySlice<UInt8>) -> Answer? {
        guard method.isExactly("GET") || method.isExactly("HEAD") else { return .methodNotAllowed("GET, HEAD") }
        switch self {
        case .one(let content, let status):
            let status = HTTPResponseStatus(statusCode: status)
            return Answer(status: status, contentType: content.type, body: content.bytes)
        case .files(let files):
            guard let content = files[Array(path)] else { return nil }
            return Answer(status: .ok, contentType: content.type, body: content.bytes)
        }
    }
}
