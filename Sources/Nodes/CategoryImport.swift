import Foundation
import Store

/// Numbers of categories that files name; what a project does not have is made.
package struct CategoryImport: Sendable {
    private let project: Project
    private let by: String
    private var known: [CategoryRecord]
    private var found: [NamedCategory: Int64] = [:]

    package init(_ project: Project, by: String) async throws {
        (self.project, self.by) = (project, by)
        known = try await project.categories()
    }

    /// By EcoTaxa's number where there is one, else by name, and by the name above it where several are called so. `Child<Parent` is understood.
    package mutating func id(of said: NamedCategory) async throws -> Int64 {
        var key = said
        key.score = nil
        if let id = found[key] { return id }
        // The last name is the highest.
        var lineage = said.name.split(separator: "<").map { Self.clean(String($0)) }.filter { !$0.isEmpty }
        if lineage.count < 2, let parent = said.parent.map(Self.clean), !parent.isEmpty { lineage.append(parent) }
        let name = lineage.isEmpty ? "unnamed" : lineage.removeFirst()
        var above: Int64?
        // Where EcoTaxa's number is known, nothing has to be made for the names above.
        if said.taxon.map({ taxon in !known.contains { $0.taxon == taxon } }) ?? true {
            for parent in lineage.prefix(20).reversed() { above = try await find(parent, below: above, taxon: nil) }
        }
        let id = try await find(name, below: above, taxon: said.taxon)
        found[key] = id
        return id
    }

    private mutating func find(_ name: String, below parent: Int64?, taxon: Int?) async throws -> Int64 {
        if let taxon, let one = known.first(where: { $0.taxon == taxon }) { return one.id }
        if let one = fitting(name, below: parent, taxon: taxon) {
            if let taxon, one.taxon == nil {
                var change = CategoryChange()
                change.taxon = .some(taxon)
                _ = try await project.changeCategory(one.id, change, by: by)
                known = try await project.categories()
            }
            return one.id
        }
        var new = CategoryChange()
        new.name = name
        new.parent = .some(parent)
        new.taxon = .some(taxon)
        var refusal: StoreError?
        do throws(StoreError) {
            let made = try await project.addCategory(new, by: by)
            known.append(made)
            return made.id
        } catch { refusal = error }
        // Another image, worked on at the same time, may have named it first.
        known = try await project.categories()
        if let one = fitting(name, below: parent, taxon: taxon) { return one.id }
        throw refusal!  // Nothing else comes here.
    }

    private func fitting(_ name: String, below parent: Int64?, taxon: Int?) -> CategoryRecord? {
        let fitting = known.filter { $0.name.lowercased() == name.lowercased() && (taxon == nil || $0.taxon == nil || $0.taxon == taxon) }
        return parent == nil ? fitting.first : fitting.first { $0.parent == parent }
    }

    /// A name as categories can have it.
    private static func clean(_ name: String) -> String {
        let plain = name.unicodeScalars.map { $0 == "<" || $0.value < 32 ? " " : Character($0) }
        return String(String(plain).trimmingCharacters(in: .whitespaces).prefix(100))
    }
}
