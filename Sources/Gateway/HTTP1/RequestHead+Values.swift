import Access

/// The values the gateway asks for by name.
extension RequestHead {
    package var host: String? { self.joined(.host) }
    /// All `Cookie` fields, in order.
    package var cookies: [String] { self.all(.cookie) }
    package var forwardedFor: [String] { self.has(.forwardedFor) ? self.all(.forwardedFor) : [] }
    package var requestID: String? { self.joined(.requestID) }
    package var accept: String? { self.joined(.accept) }
    package var origin: String? { self.joined(.origin) }
    var secFetchSite: String? { self.joined(.secFetchSite) }

    /// What a front proxy has said, whatever `Connection` names away; `removed` is what that proxy takes away itself.
    func original(removed: ReservedNames) -> OriginalFields {
        let storage = self.bytes
        var original = OriginalFields(self.told, in: storage)
        guard self.hasOtherReserved else { return original }
        let bytes = storage.span
        for (index, field) in self.fields.enumerated()
        where self.name(at: index) == .other && self.kinds[index] != .endToEnd {
            let name = bytes.extracting(field.name)
            let isReserved = self.kinds[index] == .reserved || self.reserved.contains(name)
            if isReserved { original.note(reserved: name, removed: removed) }
        }
        return original
    }
}
