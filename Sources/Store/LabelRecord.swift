import Foundation

/// How sure a label is; stored, so never renamed.
package enum LabelStatus: String, Sendable, Codable, CaseIterable, Comparable {
    case dubious, predicted, validated

    private var rank: Int { self == .dubious ? 0 : self == .predicted ? 1 : 2 }
    /// The weaker one first.
    package static func < (one: Self, other: Self) -> Bool { one.rank < other.rank }
}

/// Who says so: a person, a model, or the rule for edited objects.
package enum LabelSource: String, Sendable, Codable, CaseIterable {
    case person, model, rule
}

/// The label of an object.
package struct LabelRecord: Sendable, Equatable {
    package var category: Int64
    package var status: LabelStatus
    /// How sure a model was, 0 to 1; nil from a person.
    package var score: Double?
    package var source: LabelSource
    package var by: String
    package var at: Date
}

/// A step in an object's history of labels. No label before: the first; none after: taken away.
package struct LabelChangeRecord: Sendable, Equatable {
    package var batch: Int64
    package var by: String
    package var at: Date
    package var before: LabelRecord?
    package var after: LabelRecord?
    /// The edit whose rule made it.
    package var edit: Int64?
    /// The batch that it took back.
    package var undoes: Int64?
}

/// What becomes of one object's label.
package struct NewLabel: Sendable, Equatable {
    package enum Category: Sendable, Equatable {
        /// The object keeps its own; one without a label stays without.
        case own
        case none
        case id(Int64)
    }
    package var object: ObjectID
    package var category: Category
    package var status = LabelStatus.validated
    package var score: Double?

    package init(object: ObjectID, category: Category, status: LabelStatus = .validated, score: Double? = nil) {
        (self.object, self.category, self.status, self.score) = (object, category, status, score)
    }
}

package struct LabelOutcome: Sendable, Equatable {
    /// Nil when nothing changed.
    package var batch: Int64?
    package var objects: [ObjectID]
}

/// A kind of object that a project tells apart; a tree by `parent`.
package struct CategoryRecord: Sendable, Equatable {
    package var id: Int64
    package var parent: Int64?
    package var name: String
    /// `#RRGGBB`.
    package var color: String
    /// The digit, 1 to 9, that labels with it.
    package var key: Int?
    /// Objects of this very category, in images that are not in the trash.
    package var count: Int
}

package struct CategoryChange: Sendable {
    package var name: String?
    package var parent: Int64??
    package var color: String?
    package var key: Int??
    package init() {}
}
