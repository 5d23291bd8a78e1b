#pragma once

#include <deque>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace mayfly::invoke {

// Whose a piece of work is.
struct Owner {
  std::string_view tenant;
  std::string_view function;
};

namespace detail {

// Members with work, in the order of their turns. A member is made by its name and has `name` and `empty()`.
template <typename Member>
class Ring {
 public:
  Member& operator[](std::string_view name) {
    const auto found = places_.find(name);
    if (found != places_.end()) return *found->second;
    Member& made = turns_.emplace_back(std::string(name));
    places_.emplace(made.name, std::prev(turns_.end()));
    return made;
  }
  Member& next() { return turns_.front(); }
  // Its turn is over: it goes behind the others, or away.
  void end_turn() {
    if (next().empty()) forget(next().name);
    else turns_.splice(turns_.end(), turns_, turns_.begin());
  }
  void forget(std::string_view name) {
    const auto found = places_.find(name);
    const auto member = found->second;
    places_.erase(found);
    turns_.erase(member);
  }
  bool empty() const { return turns_.empty(); }

 private:
  std::list<Member> turns_;
  std::unordered_map<std::string_view, typename std::list<Member>::iterator> places_;
};

template <typename Item>
struct FunctionTurns {
  explicit FunctionTurns(std::string called) : name(std::move(called)) {}
  bool empty() const { return items.empty(); }
  std::string name;
  std::deque<Item> items;
};

template <typename Item>
struct TenantTurns {
  explicit TenantTurns(std::string called) : name(std::move(called)) {}
  bool empty() const { return functions.empty(); }
  std::string name;
  Ring<FunctionTurns<Item>> functions;
};

}  // namespace detail

// Work taken in fair turns: one tenant after the other, of each one function after the other, of each in order of
// arrival. So who has much waiting delays himself alone. Each operation takes constant time.
template <typename Item>
class FairQueue {
 public:
  void push(const Owner& owner, Item item) {
    tenants_[owner.tenant].functions[owner.function].items.push_back(std::move(item));
    ++size_;
  }

  // Not when empty.
  Item pop() {
    auto& functions = tenants_.next().functions;
    auto& items = functions.next().items;
    Item item = std::move(items.front());
    items.pop_front();
    functions.end_turn();
    tenants_.end_turn();
    --size_;
    return item;
  }

  // One that is in it; takes as long as its function has items.
  void erase(const Owner& owner, const Item& item) {
    auto& functions = tenants_[owner.tenant].functions;
    size_ -= std::erase(functions[owner.function].items, item);
    if (functions[owner.function].empty()) functions.forget(owner.function);
    if (functions.empty()) tenants_.forget(owner.tenant);
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

 private:
  detail::Ring<detail::TenantTurns<Item>> tenants_;
  std::size_t size_ = 0;
};

}  // namespace mayfly::invoke
