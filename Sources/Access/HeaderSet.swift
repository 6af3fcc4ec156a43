/// The header fields that tell one route's upstream who is signed in.
///
/// A class, because it is told apart by identity: a session renders each set once.
package final class HeaderSet: Sendable {
    package let fields: [HeaderField]

    /// `nil` when two fields have one name, as far as anybody behind us can tell (`X-User` and `x_user`).
    package init?(_ fields: [HeaderField]) {
        guard Set(fields.map { HeaderField.folded($0.name) }).count == fields.count else { return nil }
        self.fields = fields
    }

    /// The fields with a value. Throws `missing` for a required one without, `tooLarge` when all of them together have
    /// more bytes than `maximumSize`.
    package func rendered(
        for session: Session,
        maximumSize: Int = IdentityFields.maximumSize
    ) throws(IdentityFieldsError) -> [(name: String, value: [UInt8])] {
        let claims = session.parsedClaims
        var rendered: [(name: String, value: [UInt8])] = []
        var size = 0
        for field in self.fields {
            let members = field.members(of: session, claims)
            guard !members.isEmpty else {
                if field.isRequired { throw .missing(field.name) }
                continue
            }
            let value = field.encoding.value(of: members, separator: field.separator, areQuoted: field.areQuoted)
            size += field.name.utf8.count + value.count + 4
            guard size <= maximumSize else { throw .tooLarge }
            rendered.append((field.name, value))
        }
        return rendered
    }
}
