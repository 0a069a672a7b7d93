/** For an address that is none of the dashboard's. */
export function UnknownPage() {
  return (
    <div class="page">
      <h1>There is nothing here</h1>
      <p>
        <a href="/">See all nodes</a>
      </p>
    </div>
  );
}
