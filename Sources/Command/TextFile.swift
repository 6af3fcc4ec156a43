import FoundationEssentials

/// Files the operator names: the configuration, secrets, certificates.
enum TextFile {
    /// More than anybody writes by hand; what is larger is another file than was meant.
    private static let maximumBytes = 1 << 20

    /// Why a file is of no use, as a sentence after "a file that".
    enum Failure: String, Error {
        case isMissing = "does not exist"
        case isForbidden = "may not be read by us"
        case isUnreadable = "cannot be read"
        case isTooLarge = "is larger than 1 MiB"
        case isNoText = "is not UTF-8 text"
        case isNoDirectory = "is not a directory"
    }

    /// All of the file. A pipe, as in `--config /dev/stdin`, is read to its end.
    static func bytes(of path: String) throws(Failure) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try Array(Data(contentsOf: URL(filePath: path)))
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            throw .isMissing
        } catch let error as CocoaError where error.code == .fileReadNoPermission {
            throw .isForbidden
        } catch {
            throw .isUnreadable
        }
        guard bytes.count <= Self.maximumBytes else { throw .isTooLarge }
        return bytes
    }

    /// The text of the file, without the line end that editors and `echo` put after it.
    static func secret(of path: String) throws(Failure) -> String {
        var bytes = try Self.bytes(of: path)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .isNoText }
        return text
    }

    /// Throws unless there is a directory that we can look into.
    static func checkDirectory(_ path: String) throws(Failure) {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { throw .isMissing }
        guard isDirectory else { throw .isNoDirectory }
        guard (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil else { throw .isForbidden }
    }
}
