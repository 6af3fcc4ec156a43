import Cryptography
package import Gateway
private import Synchronization

extension ConfigurationSource {
    /// The file that `--config` names, the files that its settings name, and the environment.
    package init(file: String) {
        let named = NamedFiles(file)
        self.init(
            read: {
                let reading = ConfigurationFile.read(path: file, environment: Surroundings.environment)
                named.replace(with: reading.files)
                return Reading(
                    configuration: reading.configuration,
                    problems: reading.problems.map(\.description),
                    warnings: reading.warnings.map(\.warning)
                )
            },
            fingerprint: { named.fingerprint }
        )
    }
}

/// The files a configuration is made of.
private final class NamedFiles: Sendable {
    private let file: String
    private let others: Mutex<[String]>

    init(_ file: String) {
        self.file = file
        let reading = ConfigurationFile.read(path: file, environment: Surroundings.environment)
        self.others = Mutex(reading.files)
    }

    func replace(with files: [String]) {
        self.others.withLock { $0 = files }
    }

    /// Of what is in all of them; a file that cannot be read is like none.
    var fingerprint: [UInt8] {
        let files = [self.file] + self.others.withLock { $0 }
        var digests: [UInt8] = []
        for file in files {
            let bytes = try? TextFile.bytes(of: file)
            digests += bytes.map { Digest.sha256($0) } ?? [0]
        }
        return Digest.sha256(digests)
    }
}
