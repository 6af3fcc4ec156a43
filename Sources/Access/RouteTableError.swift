/// What is wrong with the routes of a configuration.
package enum RouteTableError: Error, Sendable, Equatable {
    /// A route's path that no request could have.
    case path(String, RequestRefusal)
    /// A route's path with a `?`: queries never decide access.
    case pathWithQuery(String)
    /// A route's path in a spelling that is not the canonical one.
    case pathNotCanonical(String, canonical: String)
    /// Two routes, by name, for one host, path and method.
    case duplicate(String, String)
    /// No route at all.
    case empty
}

extension RouteTableError: CustomStringConvertible {
    /// For the operator; it shows what the configuration says.
    package var description: String {
        switch self {
        case .path(let path, let refusal): "the path \"\(path)\" is refused: \(refusal)"
        case .pathWithQuery(let path): "the path \"\(path)\" has a query; routes match paths only"
        case .pathNotCanonical(let path, let canonical): "write the path \"\(path)\" as \"\(canonical)\""
        case .duplicate(let first, let second):
            "the routes \"\(first)\" and \"\(second)\" have the same host, path and methods"
        case .empty: "there is no route"
        }
    }
}
