//! Bounded queue that serves clients in turn, so that one who sends much does not hold up the others.

use super::client::Bucket;
use std::collections::{HashMap, VecDeque};

/// Reason for which a queue refuses a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The queue is full.
    Full,
    /// This client has as many jobs in it as one may have.
    Client,
}

/// Bounded queue with a list for each client.
pub struct FairQueue<T> {
    lists: HashMap<Bucket, VecDeque<T>>,
    /// Clients with a list, in the order in which they are served.
    turns: VecDeque<Bucket>,
    len: usize,
    most: usize,
    most_of_client: usize,
}

impl<T> FairQueue<T> {
    /// Creates a queue for up to `most` jobs, `most_of_client` of them of one client.
    pub fn new(most: usize, most_of_client: usize) -> Self {
        FairQueue {
            lists: HashMap::new(),
            turns: VecDeque::new(),
            len: 0,
            most,
            most_of_client,
        }
    }

    /// Number of jobs.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Adds a job of `client`, or gives it back with the reason.
    pub fn push(&mut self, client: Bucket, job: T) -> Result<(), (Refusal, T)> {
        if self.len >= self.most {
            return Err((Refusal::Full, job));
        }
        let list = self.lists.entry(client).or_default();
        if list.len() >= self.most_of_client {
            return Err((Refusal::Client, job));
        }
        if list.is_empty() {
            self.turns.push_back(client);
        }
        list.push_back(job);
        self.len += 1;
        Ok(())
    }

    /// Takes the oldest job of the client whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        let client = self.turns.pop_front()?;
        let list = self.lists.get_mut(&client)?;
        let job = list.pop_front();
        match list.is_empty() {
            true => drop(self.lists.remove(&client)),
            false => self.turns.push_back(client),
        }
        self.len -= usize::from(job.is_some());
        job
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn client(last: u8) -> Bucket {
        Bucket::from(Some(Ipv4Addr::new(192, 0, 2, last).into()))
    }

    #[test]
    fn clients_are_served_in_turn_each_in_order() {
        let mut queue = FairQueue::new(100, 100);
        for job in 0..10 {
            queue.push(client(1), (1, job)).unwrap();
        }
        queue.push(client(2), (2, 0)).unwrap();
        queue.push(client(3), (3, 0)).unwrap();
        queue.push(client(2), (2, 1)).unwrap();
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order[..6], [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (1, 2)]);
        assert_eq!(order.len(), 13);
        assert_eq!((queue.len(), queue.lists.len()), (0, 0));
    }

    #[test]
    fn a_queue_is_bounded_in_all_and_for_each_client() {
        let mut queue = FairQueue::new(3, 2);
        queue.push(client(1), 1).unwrap();
        queue.push(client(1), 2).unwrap();
        assert_eq!(queue.push(client(1), 3), Err((Refusal::Client, 3)));
        queue.push(client(2), 4).unwrap();
        assert_eq!(queue.push(client(3), 5), Err((Refusal::Full, 5)));
        assert_eq!(queue.pop(), Some(1));
        queue.push(client(3), 5).unwrap();
        // A client without jobs takes no memory.
        while queue.pop().is_some() {}
        assert_eq!(queue.lists.len(), 0);
    }
}
