//! Who runs whom: the graph that `%run` makes. Everything here is computed once, without recursion, in time
//! linear in documents and edges.

use super::document::DocumentId;
use std::collections::{HashSet, VecDeque};

/// One `%run` from one document to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The document that runs.
    pub from: DocumentId,
    /// The document that is run.
    pub to: DocumentId,
    /// Index into the references of `from`.
    pub reference: u32,
}

/// The graph of a project.
#[derive(Debug, Default)]
pub struct Runs {
    /// Edges by the document that runs, in order of place.
    out: Vec<Vec<Edge>>,
    /// Edges by the document that is run, in order of documents and place.
    into: Vec<Vec<Edge>>,
    /// The knot that each document belongs to: documents that reach each other share one.
    knot: Vec<u32>,
    /// How many documents each knot has.
    sizes: Vec<u32>,
    /// Longest way down from each document, in `%run`s, without edges inside a knot.
    depth: Vec<u32>,
    /// The first edge of that way.
    deepest: Vec<Option<Edge>>,
    /// For documents of knots with several: the next edge towards the knot's first document, and the edge by
    /// which that document reaches this one.
    home: Vec<Option<Edge>>,
    come: Vec<Option<Edge>>,
}

impl Runs {
    /// Builds the graph of `documents` documents. Edges that point outside are left out.
    pub fn new(documents: usize, edges: impl IntoIterator<Item = Edge>) -> Self {
        let mut out = vec![Vec::new(); documents];
        let mut into = vec![Vec::new(); documents];
        for edge in edges {
            if let Some(list) = out.get_mut(edge.from as usize)
                && (edge.to as usize) < documents
            {
                list.push(edge);
                into[edge.to as usize].push(edge);
            }
        }
        let (knot, sizes, order) = knots(&out);
        let mut runs = Self {
            depth: vec![0; documents],
            deepest: vec![None; documents],
            home: vec![None; documents],
            come: vec![None; documents],
            out,
            into,
            knot,
            sizes,
        };
        runs.measure(&order);
        runs.close_knots(&order);
        runs
    }

    /// What a document runs, in order of place.
    pub fn callees(&self, id: DocumentId) -> &[Edge] {
        self.out.get(id as usize).map_or(&[], Vec::as_slice)
    }

    /// Who runs a document.
    pub fn callers(&self, id: DocumentId) -> &[Edge] {
        self.into.get(id as usize).map_or(&[], Vec::as_slice)
    }

    /// How many `%run`s deep the deepest chain that starts at a document is. `%run`s that are part of a cycle
    /// do not count.
    pub fn depth(&self, id: DocumentId) -> u32 {
        self.depth.get(id as usize).copied().unwrap_or(0)
    }

    /// The deepest chain that starts at a document, from the first `%run` to the last; of equally deep ones that
    /// whose `%run`s stand first. [`Runs::depth`] edges.
    pub fn chain(&self, id: DocumentId) -> impl Iterator<Item = Edge> {
        std::iter::successors(self.deepest.get(id as usize).copied().flatten(), |edge| {
            self.deepest.get(edge.to as usize).copied().flatten()
        })
    }

    /// A cycle that leads from a document back to itself, each document at most once; empty if there is none.
    pub fn cycle(&self, id: DocumentId) -> Vec<Edge> {
        let at = id as usize;
        let callees = self.callees(id);
        if let Some(&own) = callees.iter().find(|edge| edge.to == id) {
            return vec![own];
        }
        let in_knot = self.knot.get(at).and_then(|&knot| self.sizes.get(knot as usize)).is_some_and(|&size| size > 1);
        if !in_knot {
            return Vec::new();
        }
        // The shortest one that a person would see first: two that run each other.
        let runners: HashSet<DocumentId> = self.callers(id).iter().map(|edge| edge.from).collect();
        if let Some(&there) = callees.iter().find(|edge| runners.contains(&edge.to))
            && let Some(&back) = self.callees(there.to).iter().find(|edge| edge.to == id)
        {
            return vec![there, back];
        }
        self.long_cycle(id)
    }

    /// Every document that a document runs, at any depth, itself not unless it is part of a cycle; in the
    /// order in which they are first reached level by level.
    /// They are found as they are asked for: who needs the first hundred does not pay for all.
    pub fn reached(&self, id: DocumentId) -> impl Iterator<Item = DocumentId> {
        let mut seen: HashSet<DocumentId> = HashSet::new();
        let mut waiting: VecDeque<DocumentId> = VecDeque::new();
        let mut from = Some(id);
        std::iter::from_fn(move || {
            while waiting.is_empty()
                && let Some(at) = from.take()
            {
                waiting.extend(self.callees(at).iter().map(|edge| edge.to).filter(|to| seen.insert(*to)));
            }
            let next = waiting.pop_front()?;
            waiting.extend(self.callees(next).iter().map(|edge| edge.to).filter(|to| seen.insert(*to)));
            Some(next)
        })
    }

    /// Depths, callees before callers.
    fn measure(&mut self, order: &[DocumentId]) {
        for &id in order {
            let at = id as usize;
            for &edge in &self.out[at] {
                let depth = self.depth[edge.to as usize] + 1;
                if self.knot[edge.to as usize] != self.knot[at] && depth > self.depth[at] {
                    self.depth[at] = depth;
                    self.deepest[at] = Some(edge);
                }
            }
        }
    }

    /// For each knot one search forwards and one backwards from its first document, so that a cycle through
    /// any of its documents can be put together without another search.
    fn close_knots(&mut self, order: &[DocumentId]) {
        let mut done = vec![false; self.sizes.len()];
        let mut ids: Vec<DocumentId> = order.to_vec();
        ids.sort_unstable();
        for root in ids {
            let knot = self.knot[root as usize];
            if self.sizes[knot as usize] < 2 || std::mem::replace(&mut done[knot as usize], true) {
                continue;
            }
            let inside = |id: DocumentId| self.knot[id as usize] == knot && id != root;
            for (edges, table, forwards) in [(&self.out, &mut self.come, true), (&self.into, &mut self.home, false)] {
                let mut queue = vec![root];
                let mut next = 0;
                while let Some(&at) = queue.get(next) {
                    next += 1;
                    for &edge in &edges[at as usize] {
                        let to = if forwards { edge.to } else { edge.from };
                        if inside(to) && table[to as usize].is_none() {
                            table[to as usize] = Some(edge);
                            queue.push(to);
                        }
                    }
                }
            }
        }
    }

    /// The way home from a document to its knot's first document and back, without detours.
    fn long_cycle(&self, id: DocumentId) -> Vec<Edge> {
        let hop = |table: &[Option<Edge>], id: DocumentId| table.get(id as usize).copied().flatten();
        let mut way: Vec<Edge> = std::iter::successors(hop(&self.home, id), |edge| hop(&self.home, edge.to)).collect();
        let root = way.last().map_or(id, |edge| edge.to);
        if root == id {
            // This is the first document itself: any of its callees inside the knot leads home.
            let knot = self.knot.get(id as usize);
            let first = self.callees(id).iter().find(|edge| self.knot.get(edge.to as usize) == knot);
            let Some(&first) = first else { return Vec::new() };
            way.push(first);
            way.extend(std::iter::successors(hop(&self.home, first.to), |edge| hop(&self.home, edge.to)));
            return way;
        }
        let mut back: Vec<Edge> =
            std::iter::successors(hop(&self.come, id), |edge| hop(&self.come, edge.from)).collect();
        back.reverse();
        way.extend(back);
        without_detours(&way)
    }
}

/// Cuts out what lies between two visits of the same document, so that each is passed once.
fn without_detours(way: &[Edge]) -> Vec<Edge> {
    let mut out: Vec<Edge> = Vec::with_capacity(way.len());
    let mut left: HashSet<DocumentId> = HashSet::with_capacity(way.len());
    for &edge in way {
        if left.contains(&edge.from) {
            while let Some(last) = out.last()
                && left.contains(&edge.from)
            {
                left.remove(&last.from);
                out.pop();
            }
        }
        left.insert(edge.from);
        out.push(edge);
    }
    out
}

/// Tarjan's algorithm without recursion: the knot of each document, the size of each knot, and the
/// documents in an order in which callees of other knots come before their callers.
fn knots(out: &[Vec<Edge>]) -> (Vec<u32>, Vec<u32>, Vec<DocumentId>) {
    const NEW: u32 = u32::MAX;
    let count = out.len();
    let mut index = vec![NEW; count];
    let mut low = vec![0_u32; count];
    let mut knot = vec![NEW; count];
    let mut sizes: Vec<u32> = Vec::new();
    let mut order = Vec::with_capacity(count);
    let mut waiting: Vec<usize> = Vec::new();
    let mut work: Vec<(usize, usize)> = Vec::new();
    let mut counter = 0;
    for start in 0..count {
        if index[start] == NEW {
            work.push((start, 0));
        }
        while let Some((at, next)) = work.pop() {
            if next == 0 {
                index[at] = counter;
                low[at] = counter;
                counter += 1;
                waiting.push(at);
            }
            if let Some(edge) = out[at].get(next) {
                work.push((at, next + 1));
                let to = edge.to as usize;
                if index[to] == NEW {
                    work.push((to, 0));
                } else if knot[to] == NEW {
                    low[at] = low[at].min(index[to]);
                }
                continue;
            }
            if low[at] == index[at] {
                let id = u32::try_from(sizes.len()).unwrap_or(NEW - 1);
                let mut size = 0;
                while let Some(member) = waiting.pop() {
                    knot[member] = id;
                    size += 1;
                    order.push(u32::try_from(member).unwrap_or(u32::MAX));
                    if member == at {
                        break;
                    }
                }
                sizes.push(size);
            }
            if let Some(&(parent, _)) = work.last() {
                low[parent] = low[parent].min(low[at]);
            }
        }
    }
    (knot, sizes, order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(documents: usize, edges: &[(u32, u32)]) -> Runs {
        let edges =
            edges.iter().enumerate().map(|(at, &(from, to))| Edge { from, to, reference: u32::try_from(at).unwrap() });
        Runs::new(documents, edges)
    }

    fn hops(edges: impl IntoIterator<Item = Edge>) -> Vec<(u32, u32)> {
        edges.into_iter().map(|edge| (edge.from, edge.to)).collect()
    }

    /// A cycle is one: it starts and ends at `id`, hangs together, and passes nobody twice.
    fn assert_cycle(runs: &Runs, id: u32) -> usize {
        let way = hops(runs.cycle(id));
        assert_eq!(way.first().unwrap().0, id, "{way:?}");
        assert_eq!(way.last().unwrap().1, id, "{way:?}");
        assert!(way.windows(2).all(|pair| pair[0].1 == pair[1].0), "{way:?}");
        let passed: HashSet<u32> = way.iter().map(|hop| hop.0).collect();
        assert_eq!(passed.len(), way.len(), "{way:?}");
        way.len()
    }

    #[test]
    fn chains() {
        let runs = graph(6, &[(0, 1), (0, 2), (2, 3), (1, 3), (3, 4)]);
        assert_eq!((runs.depth(0), runs.depth(3), runs.depth(4), runs.depth(5)), (3, 1, 0, 0));
        assert_eq!(hops(runs.chain(0)), [(0, 1), (1, 3), (3, 4)]);
        assert_eq!(runs.reached(0).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(hops(runs.callers(3).iter().copied()), [(2, 3), (1, 3)]);
        assert!(runs.cycle(0).is_empty());
    }

    #[test]
    fn cycles() {
        let runs = graph(7, &[(0, 1), (1, 2), (2, 3), (3, 1), (3, 4), (5, 5), (4, 6)]);
        assert!(runs.cycle(0).is_empty() && runs.cycle(4).is_empty());
        for id in [1, 2, 3] {
            assert_eq!(assert_cycle(&runs, id), 3);
        }
        assert_eq!(hops(runs.cycle(5)), [(5, 5)]);
        // What hangs below a cycle still counts.
        assert_eq!((runs.depth(3), runs.depth(0), runs.depth(1)), (2, 1, 0));
        let pair = graph(3, &[(0, 1), (1, 2), (2, 1), (2, 0)]);
        assert_eq!(hops(pair.cycle(1)), [(1, 2), (2, 1)]);
        assert_cycle(&pair, 0);
        // Two rings that share one document: no cycle passes it twice.
        let eight = graph(5, &[(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 2)]);
        for id in 0..5 {
            assert_eq!(assert_cycle(&eight, id), 3);
        }
    }

    #[test]
    fn large_graphs() {
        let long: Vec<(u32, u32)> = (0..100_000).map(|at| (at, at + 1)).collect();
        let runs = graph(100_001, &long);
        assert_eq!(runs.depth(0), 100_000);
        assert_eq!(runs.chain(0).count(), 100_000);
        let ring: Vec<(u32, u32)> = (0..5000).map(|at| (at, (at + 1) % 5000)).collect();
        assert_eq!(assert_cycle(&graph(5000, &ring), 4321), 5000);
        let star: Vec<(u32, u32)> = (1..=5000).map(|at| (at, 0)).collect();
        assert_eq!(graph(5001, &star).callers(0).len(), 5000);
    }
}
