/// Where a gateway that runs gets its configuration anew.
package struct ConfigurationSource: Sendable {
    /// What came of reading it.
    package struct Reading: Sendable {
        /// `nil` when there is any problem.
        package var configuration: Configuration?
        package var problems: [String]
        package var warnings: [String]

        package init(configuration: Configuration?, problems: [String], warnings: [String]) {
            self.configuration = configuration
            self.problems = problems
            self.warnings = warnings
        }
    }

    /// Reads and checks all of it.
    package let read: @Sendable () -> Reading
    /// Another value once anything has changed that was read last.
    package let fingerprint: @Sendable () -> [UInt8]

    package init(read: @escaping @Sendable () -> Reading, fingerprint: @escaping @Sendable () -> [UInt8]) {
        self.read = read
        self.fingerprint = fingerprint
    }
}
