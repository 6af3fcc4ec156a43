/// Another protocol, as a request asks for it.
extension RequestHead {
    /// The protocol the browser would switch to, in lower case (RFC 9110, 7.8). `nil` when it asks for none, for several, or
    /// in a request that could not be followed by another protocol.
    var requestedUpgrade: String? {
        guard self.hasUpgrade, !self.isHTTP10, self.method.isExactly("GET"),
            self.framing == .none || self.framing == .length(0),
            self.all(.connection).contains(where: { Self.lists("upgrade", in: $0) })
        else { return nil }
        let named = self.all(.upgrade)
        guard named.count == 1, let name = named.first, !name.isEmpty else { return nil }
        return name.utf8.allSatisfy { isTokenByte($0) || $0 == UInt8(ascii: "/") } ? name.lowercased() : nil
    }

    private static func lists(_ option: String, in connection: String) -> Bool {
        connection.split(separator: ",").contains { equalIgnoringCase($0.trimmingSpaces, option) }
    }
}
