/// A table while the document is being read: it knows how it came to be, on which depends what may be added to it.
final class TOMLTable {
    /// How a table came to be.
    enum Origin {
        /// By a header of a table below it, as `a` in `[a.b]`: it may still get a header of its own.
        case implicit
        /// By its header; it never gets another.
        case header
        /// By a dotted key, as `a` in `a.b = 1`: other dotted keys may add to it, a header may not.
        case dotted
    }

    private enum Entry {
        case value(SettingValue)
        case table(TOMLTable)
        /// Those headed `[[name]]`.
        case tables([TOMLTable])
    }

    private var origin: Origin
    private let line: Int
    private var entries: [(key: [UInt8], line: Int, entry: Entry)] = []
    private var indices: [[UInt8]: Int] = [:]

    init(_ origin: Origin, line: Int) {
        self.origin = origin
        self.line = line
    }

    /// All that has been read, in the order of the file.
    var members: [SettingMember] {
        self.entries.map { key, line, entry in
            let value: SettingValue =
                switch entry {
                case .value(let value): value
                case .table(let table): .table(table.members, line: table.line)
                case .tables(let tables): .list(tables.map { .table($0.members, line: $0.line) })
                }
            return SettingMember(key: String(decoding: key, as: UTF8.self), value: value, line: line)
        }
    }

    /// The table below this one that `[a.b]` begins.
    func begin(_ path: [[UInt8]], line: Int) throws(TOMLError) -> TOMLTable {
        let (parent, key) = try self.parent(of: path, line: line)
        guard let index = parent.indices[key] else { return parent.add(TOMLTable(.header, line: line), key, line) }
        guard case .table(let table) = parent.entries[index].entry, table.origin == .implicit else {
            throw TOMLError(line: line, message: "\(Self.shown(path)) is there already")
        }
        table.origin = .header
        return table
    }

    /// The table below this one that `[[a.b]]` begins.
    func append(_ path: [[UInt8]], line: Int) throws(TOMLError) -> TOMLTable {
        let (parent, key) = try self.parent(of: path, line: line)
        let table = TOMLTable(.header, line: line)
        guard let index = parent.indices[key] else {
            parent.add(.tables([table]), key, line)
            return table
        }
        guard case .tables(let tables) = parent.entries[index].entry else {
            throw TOMLError(line: line, message: "\(Self.shown(path)) is there already, and is no list of tables")
        }
        parent.entries[index].entry = .tables(tables + [table])
        return table
    }

    /// `a.b = value`.
    func set(_ path: [[UInt8]], _ value: SettingValue, line: Int) throws(TOMLError) {
        var table = self
        for key in path.dropLast() {
            guard let index = table.indices[key] else {
                table = table.add(TOMLTable(.dotted, line: line), key, line)
                continue
            }
            guard case .table(let next) = table.entries[index].entry, next.origin != .header else {
                throw TOMLError(line: line, message: "\(Self.shown(path)) would add to what is complete already")
            }
            next.origin = .dotted
            table = next
        }
        let key = path[path.count - 1]
        guard table.indices[key] == nil else {
            throw TOMLError(line: line, message: "\(Self.shown(path)) is there already")
        }
        table.add(.value(value), key, line)
    }

    /// Where a header's last key goes. Of tables headed `[[name]]` it is the last.
    private func parent(of path: [[UInt8]], line: Int) throws(TOMLError) -> (TOMLTable, [UInt8]) {
        var table = self
        for key in path.dropLast() {
            guard let index = table.indices[key] else {
                table = table.add(TOMLTable(.implicit, line: line), key, line)
                continue
            }
            switch table.entries[index].entry {
            case .table(let next): table = next
            case .tables(let tables): table = tables[tables.count - 1]
            case .value: throw TOMLError(line: line, message: "\(Self.shown(path)) would add to what is no table")
            }
        }
        return (table, path[path.count - 1])
    }

    private func add(_ table: TOMLTable, _ key: [UInt8], _ line: Int) -> TOMLTable {
        self.add(.table(table), key, line)
        return table
    }

    private func add(_ entry: Entry, _ key: [UInt8], _ line: Int) {
        self.indices[key] = self.entries.count
        self.entries.append((key, line, entry))
    }

    private static func shown(_ path: [[UInt8]]) -> String {
        path.map { ConfigurationProblem.plain(String(decoding: $0, as: UTF8.self)) }.joined(separator: ".")
    }
}
