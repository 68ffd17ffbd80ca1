/// Something in an EcoTaxa archive that its importer refuses (error) or takes but changes or loses without a word (warning).
package struct EcoTaxaFinding: Sendable, Equatable {
    package enum Severity: String, Sendable, Comparable {
        case error, warning
        package static func < (a: Self, b: Self) -> Bool { a == .error && b == .warning }
    }

    package var severity: Severity
    /// Name of the table inside the archive.
    package var table: String?
    /// Line of the table, from 1; the first object is on line 3.
    package var row: Int?
    package var column: String?
    /// Its `object_id`.
    package var object: String?
    package var message: String
    /// What to do about it.
    package var remedy: String

    package init(
        _ severity: Severity, table: String? = nil, row: Int? = nil, column: String? = nil, object: String? = nil, message: String, remedy: String
    ) {
        (self.severity, self.table, self.row, self.column, self.object) = (severity, table, row, column, object)
        (self.message, self.remedy) = (message, remedy)
    }
}
