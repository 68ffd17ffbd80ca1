/// A measured column of the project's objects, with its unit and meaning.
package struct MeasureColumnRecord: Sendable, Equatable {
    /// `[a-z][a-z0-9_]*`, as exports and queries use it.
    package var name: String
    package var unit: String
    package var title: String
    package var definition: String
    package var source: String
    /// Node that measures it.
    package var node: String

    package init(name: String, unit: String, title: String, definition: String, source: String = "", node: String = "") {
        (self.name, self.unit, self.title) = (name, unit, title)
        (self.definition, self.source, self.node) = (definition, source, node)
    }
}
