/// Records by name, compared byte by byte: `Dictionary` on `String` would take canonically equivalent names for one.
struct Table<Record: Sendable>: Sendable {
    private var records: [[UInt8]: Record] = [:]

    /// The record of exactly this name.
    subscript(_ name: String) -> Record? {
        get { records[Array(name.utf8)] }
        set { records[Array(name.utf8)] = newValue }
    }

    /// The same for a name that may be missing.
    subscript(_ name: String?) -> Record? {
        name.flatMap { self[$0] }
    }

    /// Every record, in no particular order.
    var all: [Record] { Array(records.values) }

    var count: Int { records.count }

    mutating func removeAll(where condition: (Record) -> Bool) {
        records = records.filter { !condition($0.value) }
    }
}

/// Whether two texts have the same bytes.
func sameBytes(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
}
