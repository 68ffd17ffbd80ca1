/// One thing `Project.check` found wrong.
package struct CheckFinding: Sendable, Equatable {
    package enum Severity: String, Sendable, Codable {
        /// Data is lost or wrong.
        case error
        /// Something is not as it should be, nothing is lost.
        case warning
    }
    package var severity: Severity
    /// Stable: `database.integrity`, `database.foreignKey`, `database.index`, `file.missing`, `file.size`, `file.sha256`, `file.unreadable`,
    /// `mask.checksum`, `mask.header`, `mask.box`, `file.leftover`.
    package var code: String
    package var image: ObjectID?
    package var object: ObjectID?
    /// Relative path.
    package var path: String?
    package var message: String
    package var remedy: String
}
