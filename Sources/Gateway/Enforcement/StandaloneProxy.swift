import Access
import NIOHTTP1

/// The standalone proxy's way in: the request itself is the question.
enum StandaloneProxy {
    /// - Parameters:
    ///   - head: understood already.
    ///   - memory: what this connection's earlier requests have named.
    ///   - scheme: as browsers use it, by configuration: nothing in the request can claim it.
    static func request(
        from head: RequestHead,
        memory: ConnectionMemory,
        client: ClientAddress,
        scheme: Scheme
    ) throws(Fault) -> AccessRequest {
        // A tunnel is not ours to open, and a TRACE would show the browser's scripts the fields that we add.
        guard head.method != "CONNECT", head.method != "TRACE" else {
            throw Fault(.downstream, .methodNotAllowed, "CONNECT and TRACE are not served")
        }
        do {
            let authority = try memory.authority(of: head, scheme: scheme)
            return AccessRequest(
                method: head.method,
                scheme: scheme,
                authority: authority,
                target: try Self.target(head.targetText, of: authority, scheme: scheme),
                isNavigation: head.isNavigation,
                clientAddress: client.text
            )
        } catch {
            throw .refused(error)
        }
    }

    /// Origin form as it is; absolute form only when it names the host that `Host` names (RFC 9112, 3.2.2).
    private static func target(
        _ uri: String,
        of authority: Authority,
        scheme: Scheme
    ) throws(RequestRefusal) -> RequestTarget {
        if uri.utf8.first == UInt8(ascii: "/") { return try RequestTarget(uri) }
        let (namedScheme, named, target) = try RequestTarget.split(absolute: uri)
        guard namedScheme == scheme, named == authority else { throw .badHost }
        return try RequestTarget(target)
    }
}
